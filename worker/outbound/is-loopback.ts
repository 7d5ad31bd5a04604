const HOSTS: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/** Whether an address is plain http on this machine itself. */
export function isLoopbackHttp(address: string): boolean {
  const url = URL.parse(address);
  return url !== null && url.protocol === 'http:' && HOSTS.includes(url.hostname);
}
