import type { Env } from '../env.ts';
import { isLoopbackHttp } from '../outbound/is-loopback.ts';
import { parseLoopbackOrigins } from '../outbound/loopback-origins.ts';

type Settings = Pick<Env, 'PUBLIC_URL' | 'DATABASE_HTTP_URL' | 'LOOPBACK_ORIGINS'>;

/**
 * What of the settings must not be served with, each with its remedy. LOOPBACK_ORIGINS opens this machine to documents
 * that people name, so it is believed only where this machine serves itself alone: its own address and its database are
 * plain http on loopback, as `./causeway up` starts them, and as nothing that others can reach is deployed.
 */
export function judgeSettings(settings: Settings): readonly string[] {
  const named = settings.LOOPBACK_ORIGINS ?? '';
  if (named === '') return [];
  const elsewhere = [
    ['PUBLIC_URL', settings.PUBLIC_URL],
    ['DATABASE_HTTP_URL', settings.DATABASE_HTTP_URL ?? ''],
  ].flatMap(([name = '', address = '']) => (isLoopbackHttp(address) ? [] : [name]));
  if (elsewhere.length > 0)
    return [
      `LOOPBACK_ORIGINS is for ./causeway up on a machine of its own, and here ${elsewhere.join(' and ')} is not http on loopback: remove LOOPBACK_ORIGINS`,
    ];
  return parseLoopbackOrigins(named) === null
    ? ['LOOPBACK_ORIGINS names something else than origins like http://127.0.0.1:9000: correct or remove it']
    : [];
}
