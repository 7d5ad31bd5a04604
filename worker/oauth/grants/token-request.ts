import type { Call } from '../../http/call.ts';
import type { Platform } from '../../platform.ts';
import type { AuthenticatedClient } from '../authenticate-client.ts';
import type { Parameters } from '../parameters.ts';

/** A token request whose client is authenticated. */
export interface TokenRequest {
  readonly platform: Platform;
  readonly call: Call;
  readonly client: AuthenticatedClient;
  readonly form: Parameters;
}
