import type { Call } from '../http/call.ts';
import type { Platform } from '../platform.ts';
import type { Principal } from '../tenants/principal.ts';
import type { UseRecorder } from '../tokens/use-recorder.ts';
import type { Entry } from './entry.ts';
import type { Offer } from './offer.ts';
import type { Judged } from './request-kind.ts';
import type { Session } from './session/session-id.ts';

/** One authenticated request to `/mcp`, as the server sees it. */
export interface McpCall {
  readonly platform: Platform;
  readonly principal: Principal;
  readonly call: Call;
  readonly entry: Entry;
  readonly offer: Offer;
  /** The request's verdict where it is of one of the `REQUEST_KINDS`, so that it is judged once; else null. */
  readonly judged: Judged | null;
  readonly use: UseRecorder;
  /** The session of the 2025 era that the request belongs to; null where it belongs to none. */
  readonly session: Session | null;
  /** Where the client can come back: told of the run that the call waits for, and until when (Unix ms). */
  readonly waitsFor: (run: string, until: number) => Promise<void>;
}
