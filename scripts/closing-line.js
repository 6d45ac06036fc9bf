/** A vitest reporter whose one line ends a run: `N passed, N failed, N skipped`. */
export default class ClosingLine {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: 0, skipped: 0 }
    // What never became a test (a file that does not load, an error that nobody awaited) is a failure too.
    let broken = unhandledErrors.length
    for (const module of modules) {
      const before = counts.failed
      for (const test of module.children.allTests())
        counts[test.result().state] = (counts[test.result().state] ?? 0) + 1
      if (module.state() === 'failed' && counts.failed === before) broken++
    }
    const { passed, failed, skipped } = counts
    // Behind everything that other reporters and the tests themselves print.
    process.once('exit', () =>
      process.stdout.write(`\n${passed} passed, ${failed + broken} failed, ${skipped} skipped\n`),
    )
  }
}
