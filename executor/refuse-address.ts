import { isLoopbackHttp } from '../protocol/loopback.ts';

/** Why an executor may not dial this address; null where it may. What is sent there is a token, then code and data. Pure. */
export function refuseAddress(address: string): string | null {
  const url = URL.parse(address);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return 'Expected an http or https URL.';
  if (url.username !== '' || url.search !== '' || url.hash !== '')
    return 'Expected an address without user, query or fragment.';
  if (url.protocol === 'http:' && !isLoopbackHttp(address))
    return 'Over plain http anybody on the way could read and change token, code and data: name its https address (http is for localhost and 127.0.0.1 alone).';
  return null;
}
