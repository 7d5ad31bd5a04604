/** When what happened to one run, ms since 1970 by the clocks of one machine, and what its executor says of itself. */
export interface RunTimes {
  readonly askedAt: number;
  readonly answeredAt: number;
  /** The row was written (Postgres). */
  readonly queuedAt: number;
  /** The pool gave it to an executor. */
  readonly leasedAt: number;
  /** The outcome was written (Postgres). */
  readonly finishedAt: number;
  /** Milliseconds from the executor's receipt of the job. */
  readonly preparedMs: number;
  readonly firstOutputMs: number | null;
  readonly endedMs: number;
  readonly reportedMs: number;
}

/** One stretch of a run, in ms. Together they are the whole call. */
export interface Span {
  readonly name: string;
  readonly ms: number;
}

/**
 * A run's call cut into stretches that follow each other. The executor's are by its own monotonic clock; the hops to it
 * and back cannot be told apart, so they are one stretch together with the pool's own work. Pure.
 */
export function spansOf(times: RunTimes): Span[] {
  const hopsMs = times.finishedAt - times.leasedAt - times.reportedMs;
  const firstOutputMs = times.firstOutputMs ?? times.endedMs;
  return [
    { name: 'client, HTTP, authentication, MCP', ms: times.queuedAt - times.askedAt },
    { name: 'queue transaction and pool', ms: times.leasedAt - times.queuedAt },
    { name: 'executor: blobs, files, claim', ms: times.preparedMs },
    { name: 'executor: order to first output', ms: firstOutputMs - times.preparedMs },
    { name: 'executor: first output to end', ms: times.endedMs - firstOutputMs },
    { name: 'executor: harvest, upload, report', ms: times.reportedMs - times.endedMs },
    { name: 'job and outcome on the wire, record', ms: hopsMs },
    { name: 'commit and answer', ms: times.answeredAt - times.finishedAt },
  ];
}
