import { isLoopbackHost } from '../../protocol/loopback.ts';

/** Whether an address is this machine's own by its spelling. */
export function isLoopback(url: string): boolean {
  return isLoopbackHost(new URL(url).hostname);
}
