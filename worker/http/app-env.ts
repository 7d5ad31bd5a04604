import type { Env } from '../env.ts';
import type { Platform } from '../platform.ts';
import type { Principal } from '../tenants/principal.ts';
import type { UseRecorder } from '../tokens/use-recorder.ts';
import type { Call } from './call.ts';

/** What middleware puts on a request for the routes behind it. */
export interface AppEnv {
  Bindings: Env;
  Variables: { call: Call; platform: Platform; principal: Principal; use: UseRecorder };
}
