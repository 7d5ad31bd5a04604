/** The names of this machine as a URL has them. */
export const LOOPBACK_HOSTS: readonly string[] = ['localhost', '127.0.0.1', '[::1]'];

/** Whether a host, as a URL or a command line names it, is this machine. Judged by its spelling: nothing is resolved. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === '::1' || LOOPBACK_HOSTS.includes(hostname);
}

/** Whether an address is plain http on this machine itself. */
export function isLoopbackHttp(address: string): boolean {
  const url = URL.parse(address);
  return url !== null && url.protocol === 'http:' && isLoopbackHost(url.hostname);
}
