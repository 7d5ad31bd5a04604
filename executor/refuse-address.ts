/** Why an executor may not dial this address; null where it may. What is sent there is a token, then code and data. Pure. */
export function refuseAddress(address: string): string | null {
  const url = URL.parse(address);
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return 'Expected an http or https URL.';
  if (url.username !== '' || url.search !== '' || url.hash !== '')
    return 'Expected an address without user, query or fragment.';
  const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol === 'http:' && !isLoopback)
    return 'Over plain http anybody on the way would read the token, code and data: use https (http is for 127.0.0.1 alone).';
  return null;
}
