/** Whether an address is this machine's own by its spelling. */
export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}
