type Results = {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  numRuntimeErrorTestSuites: number;
};

/** A jest reporter: `N passed, N failed` is the very last line, and a skipped test fails a run with CI=true. */
export function ClosingLine() {
  let skipped = 0;
  return {
    onRunComplete: (_contexts: unknown, results: Results) => {
      skipped = results.numPendingTests + results.numTodoTests;
      const failed = results.numFailedTests + results.numRuntimeErrorTestSuites + (forbidden() ? skipped : 0);
      const tail = skipped > 0 ? `, ${skipped} skipped` : '';
      process.on('exit', () =>
        process.stdout.write(`${results.numPassedTests} passed, ${failed} failed${tail}\n`),
      );
    },
    getLastError: () =>
      skipped > 0 && forbidden()
        ? new Error(`${skipped} tests were skipped; in CI each must run`)
        : undefined,
  };

  function forbidden(): boolean {
    return process.env.CI === 'true';
  }
}

// jest takes the default export and calls it with `new`.
export default ClosingLine;
