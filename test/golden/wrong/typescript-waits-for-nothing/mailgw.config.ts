export default await new Promise(() => {})
