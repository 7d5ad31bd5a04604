import { Failure } from '../terminal/failure.ts';
import { readConnection } from './connection-file.ts';
import { statePaths } from './state-paths.ts';

/** The address that links are made with: what was given, or that of the stack in the state folder. */
export function publicUrlOf(options: { readonly state: string; readonly publicUrl?: string }): string {
  const url = options.publicUrl ?? readConnection(statePaths(options.state))?.issuer;
  if (url !== undefined) return url;
  throw new Failure({
    what: 'The link has no address to begin with.',
    why: `no stack was ever started in ${options.state}, and no address was named`,
    remedy: "name the deployment's: --public-url https://causeway.example.com",
  });
}
