import type { ProbeReport } from './probe.ts';

/** The report as a table for a person: what failed stands out and says why. */
export function reportTable(report: ProbeReport): string {
  const width = Math.max(...report.checks.map((check) => check.name.length));
  const lines = report.checks.map((check) =>
    `${check.ok ? 'ok    ' : 'FAILED'}  ${check.name.padEnd(width)}  ${check.detail}`.trimEnd(),
  );
  const failed = report.checks.filter((check) => !check.ok).length;
  const verdict =
    failed === 0
      ? `${report.checks.length} checks held in ${report.tookMs} ms: this host isolates runs.`
      : `${failed} of ${report.checks.length} checks failed: an executor refuses to serve here.`;
  return [...lines, '', verdict].join('\n');
}

export function printReport(report: ProbeReport, asJson: boolean): void {
  process.stdout.write(`${asJson ? JSON.stringify(report) : reportTable(report)}\n`);
}
