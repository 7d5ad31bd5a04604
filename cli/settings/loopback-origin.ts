import { InvalidArgumentError } from 'commander';
import { parseLoopbackOrigins } from '../../worker/outbound/loopback-origins.ts';

/** One more origin of this machine behind those that were given before. */
export function addLoopbackOrigin(text: string, before: readonly string[] = []): readonly string[] {
  if (parseLoopbackOrigins(text)?.length !== 1)
    throw new InvalidArgumentError('expected an origin of this machine, like http://127.0.0.1:9000.');
  return [...before, text];
}
