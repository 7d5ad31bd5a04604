import { existsSync, readFileSync } from 'node:fs';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { statePaths } from '../stack/state-paths.ts';
import { filesIn } from './certificates.ts';

/**
 * Has this process believe the authority of the stack in a state folder, where it serves TLS: it may vouch for the names of that
 * stack alone. A deployment that is named by its address is seen as others see it.
 */
export function trustOwnAuthority({ state, url }: { readonly state?: string; readonly url?: string }): void {
  if (state === undefined || url !== undefined) return;
  const { caFile } = filesIn(statePaths(state).tls);
  if (!existsSync(caFile)) return;
  setDefaultCACertificates([...getCACertificates(), readFileSync(caFile, 'utf8')]);
}
