import type { Env } from '../env.ts';
import type { Session } from '../mcp/session/session-id.ts';
import type { Platform } from '../platform.ts';
import type { Principal } from '../tenants/principal.ts';
import type { UseRecorder } from '../tokens/use-recorder.ts';
import type { Call } from './call.ts';

/** What middleware puts on a request for the routes behind it. */
export interface AppEnv {
  Bindings: Env;
  Variables: {
    call: Call;
    platform: Platform;
    principal: Principal;
    /** The MCP session of the 2025 era that the request names: null where it names none, `unknown` where the caller has no such session. */
    session: Session | null | 'unknown';
    use: UseRecorder;
    /** The request showed a living session or a capability of a run, so that no refusal of it is a stranger's. */
    isKnown?: true;
  };
}
