export default 'gw.corp.example'
