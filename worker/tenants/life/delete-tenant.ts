import { readNoteSigner } from '../../../protocol/signed-note.ts';
import type { DeletionStep } from '../../../protocol/tenant-call.ts';
import { openAuditKey } from '../../audit/audit-key.ts';
import { auditKey, makeCheckpoint, sealAll } from '../../audit/seal-log.ts';
import { sendToSinks } from '../../audit/sinks/send-to-sinks.ts';
import { reachOf, sealerOf } from '../../audit/sweep-audit.ts';
import { openTenantFiles } from '../../blobs/open-blob-store.ts';
import { prefixesOf, type StoreFiles } from '../../blobs/tenant-files.ts';
import type { Query } from '../../database/query.ts';
import {
  beginDeletion,
  certifyDeletion,
  countBlobs,
  countedUntil,
  deletionFacts,
  eraseRows,
  noteBlobsGone,
  noteSealed,
} from '../../database/tenant-life.ts';
import type { Platform } from '../../platform.ts';
import { poolOf } from '../../runs/pool-of.ts';
import { signCertificate } from './certificate.ts';

/** In one transaction, which others' deletions of rows wait for. */
const ROWS_MAX = 5_000;
const FILES_MAX = 500;
/** For its own sinks to take the last events. How many entries each has then is in the certificate. */
const SINKS_MS = 10_000;

/**
 * Goes on with a tenant's deletion until it is done, waits for its runs, or `until` (Unix ms) has passed; says at which step
 * it is. What was done is in the database with each step, so it may be killed anywhere: the next call goes on there.
 */
export async function deleteTenant(
  platform: Platform,
  tenant: string,
  until: number,
): Promise<DeletionStep | null> {
  const ask = async <Result>(question: Query<Result>): Promise<Result> =>
    (await platform.database.transaction([question] as const))[0];
  const begun = await ask(beginDeletion(tenant));
  // Executors that were revoked just now are cut off before their rows go.
  for (const pool of begun.pools ?? []) await poolOf(platform.env, pool).sweep(pool);
  let step = begun.step;
  const files = openTenantFiles(platform.env);
  while (Date.now() < until) {
    switch (step) {
      case null:
      case 'waiting':
      case 'closing':
        return step;
      case 'sealing':
        step = (await seal(platform, tenant)) ? 'rows' : step;
        break;
      case 'rows':
        step = (await ask(eraseRows(tenant, ROWS_MAX))) ? 'counting' : step;
        break;
      case 'counting':
        step = (await count(ask, files, tenant)) ? 'blobs' : step;
        break;
      case 'blobs':
        if (await removeSome(files, tenant)) break;
        await ask(noteBlobsGone(tenant));
        step = 'signing';
        break;
      case 'signing':
        await certify(platform, tenant);
        step = 'done';
        break;
      case 'done':
        // What was on its way when the rest was gone.
        while (await removeSome(files, tenant)) if (Date.now() >= until) break;
        return step;
    }
  }
  return step;
}

type Ask = <Result>(question: Query<Result>) => Promise<Result>;

async function seal(platform: Platform, tenant: string): Promise<boolean> {
  const sealer = sealerOf(platform);
  await sealAll(sealer);
  await makeCheckpoint(sealer, 0);
  // Its own sinks that are there get the last events too; from the next step on nobody is sent anything.
  await sendToSinks(platform.database, reachOf(platform), { tenant, until: Date.now() + SINKS_MS });
  return sealer.ask(noteSealed(tenant));
}

/** Counts a page of the tenant's objects; true when that was the last. */
async function count(ask: Ask, files: StoreFiles, tenant: string): Promise<boolean> {
  const since = await ask(countedUntil(tenant));
  const page = await files.list(prefixesOf(tenant).blobs, since, FILES_MAX);
  const isLast = page.length < FILES_MAX;
  const bytes = page.reduce((sum, file) => sum + file.bytes, 0);
  const until = isLast ? null : (page.at(-1)?.name ?? null);
  await ask(countBlobs(tenant, { since, until, found: page.length, bytes }));
  return isLast;
}

/** Removes some of the tenant's files; false where there was none. */
async function removeSome(files: StoreFiles, tenant: string): Promise<boolean> {
  for (const prefix of Object.values(prefixesOf(tenant))) {
    const page = await files.list(prefix, null, FILES_MAX);
    if (page.length === 0) continue;
    await files.remove(page.map(({ name }) => `${prefix}${name}`));
    return true;
  }
  return false;
}

async function certify(platform: Platform, tenant: string): Promise<void> {
  const sealer = sealerOf(platform);
  const facts = await sealer.ask(deletionFacts(tenant));
  const signer = await readNoteSigner(await openAuditKey(sealer.keys, await auditKey(sealer)));
  if (facts === null || signer === null) throw new Error(`the deletion of ${tenant} cannot be certified`);
  await sealer.ask(certifyDeletion(tenant, await signCertificate(facts, signer)));
}
