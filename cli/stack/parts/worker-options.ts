import type { Certificates } from '../../tls/certificates.ts';
import type { Guardian } from '../guardian.ts';
import type { StatePaths } from '../state-paths.ts';

export interface WorkerOptions {
  readonly paths: StatePaths;
  /** Where it listens on 127.0.0.1 by plain http: for people, or where `tls` is given for this launcher alone. */
  readonly port: number;
  readonly tls?: { readonly port: number; readonly certificates: Certificates };
  readonly settings: Readonly<Record<string, string>>;
  readonly guardian: Guardian;
  readonly signal: AbortSignal;
}
