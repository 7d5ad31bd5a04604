import { sha256Hex, utf8 } from '../blobs/sha256.ts';
import { retainEvents } from '../database/audit-log.ts';
import { forgetRefusals } from '../database/refusals.ts';
import type { Exits } from '../outbound/guarded-fetch.ts';
import { parseLoopbackOrigins } from '../outbound/loopback-origins.ts';
import type { Platform } from '../platform.ts';
import { originOf } from './checkpoint.ts';
import { makeCheckpoint, type Sealer, sealAll } from './seal-log.ts';
import { removeCopies } from './sinks/remove-copies.ts';
import type { Reach } from './sinks/send-batch.ts';
import { sendToSinks } from './sinks/send-to-sinks.ts';

/** Under which name checkpoints lie in the blob store, in place of a tenant. */
const CHECKPOINTS = 'audit-checkpoints';

/**
 * Once a minute: seals what happened, sends it to sinks, takes away what is kept no longer, and once an hour signs it. The
 * newest checkpoint is kept in the blob store too, so that who holds the database alone cannot make the newest hours
 * unhappened. No sink holds up the rest.
 */
export async function sweepAudit(platform: Platform): Promise<void> {
  const sealer = sealerOf(platform);
  await sealAll(sealer);
  await Promise.all([sendToSinks(platform.database, reachOf(platform)), signAndRetain(platform, sealer)]);
}

async function signAndRetain(platform: Platform, sealer: Sealer): Promise<void> {
  await sealer.ask(retainEvents());
  await sealer.ask(forgetRefusals());
  await removeCopies(platform.database, platform.blobs);
  const checkpoint = await makeCheckpoint(sealer);
  if (checkpoint === null) return;
  const bytes = utf8(checkpoint.note);
  await platform.blobs.put({ tenant: CHECKPOINTS, sha256: await sha256Hex(bytes) }, bytes, bytes.byteLength);
}

/** With what this deployment reaches sinks. */
export function reachOf({ env, sealKey, keys, blobs }: Platform): Reach {
  const outbound = env.OUTBOUND;
  const exits = {
    internet: (url: string, init: RequestInit) => fetch(url, init),
    loopback: (url: string, init: RequestInit) =>
      outbound === undefined ? fetch(url, init) : outbound.fetch(url, init),
    loopbackOrigins: parseLoopbackOrigins(env.LOOPBACK_ORIGINS ?? '') ?? [],
  } satisfies Exits;
  return { exits, sealKey, keys, blobs };
}

/** Seals as this deployment. */
export function sealerOf({ database, keys, publicUrl }: Platform): Sealer {
  return {
    ask: async (question) => (await database.transaction([question] as const))[0],
    keys,
    origin: () => originOf(publicUrl),
  };
}
