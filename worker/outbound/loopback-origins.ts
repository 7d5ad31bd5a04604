import { isLoopbackHttp } from '../../protocol/loopback.ts';
import { parseOrigins } from '../http/parse-origins.ts';

/** Origins of this machine, by plain http, with commas between; null where one of them is anything else. */
export function parseLoopbackOrigins(text: string): readonly string[] | null {
  const origins = parseOrigins(text);
  return origins?.every(isLoopbackHttp) ? origins : null;
}
