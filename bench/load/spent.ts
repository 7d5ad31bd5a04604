import { median } from '../measure/quantiles.ts';

/** What a request cost each process, in the unit of what was measured. */
export interface Spent {
  /** The process that answered it. */
  readonly own: number;
  readonly postgresHttp: number;
  readonly postgres: number;
}

/** The processes behind the one that answers. */
export interface Databases {
  readonly postgresHttpPid: number;
  readonly postgresPid: number;
}

export function medianSpent(rounds: readonly Spent[]): Spent {
  const of = (part: keyof Spent) => Math.round(median(rounds.map((round) => round[part])));
  return { own: of('own'), postgresHttp: of('postgresHttp'), postgres: of('postgres') };
}
