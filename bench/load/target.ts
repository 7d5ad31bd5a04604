import type { HttpResponse } from './read-responses.ts';

/** One thing to put load on. */
export interface Target {
  readonly name: string;
  readonly port: number;
  /** The process that answers, whose CPU is counted as its own. */
  readonly pid: number;
  /** Makes what one measurement uses up; it runs before each and is not counted. */
  readonly prepare?: () => Promise<void>;
  /** The next request of a connection (0, 1, ...), whole; null where what was prepared is used up. */
  readonly next: (connection: number) => Buffer | null;
  /** Throws where a response is not what was asked for: a fast error is no result. */
  readonly check: (response: HttpResponse, connection: number) => void;
}
