import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { getPlatformProxy } from 'wrangler';
import type { Database } from '../../worker/database/database.ts';
import type { Env } from '../../worker/env.ts';
import { removeUnnamed } from '../../worker/tenants/retention/remove-unnamed.ts';
import { sha256Of } from '../support/aged-records.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { teamsOf } from '../support/retention-teams.ts';

let database: TestDatabase;
let client: Database;
let teams: ReturnType<typeof teamsOf>;
/** What the store does with a request, by its method and the text of which the blob is. */
let faults: Readonly<Record<string, (response: ServerResponse) => void>> = {};
let asked: string[] = [];
const texts = Array.from({ length: 45 }, (_, n) => `left ${n}`);
const textOf = (path = '') => texts.find((text) => path.endsWith(sha256Of(text)));

/** A store in which everything lies, written long ago. */
const store = createServer(({ method, url }: IncomingMessage, response) => {
  const request = `${method} ${textOf(url)}`;
  asked.push(request);
  const fault = faults[request];
  if (fault !== undefined) fault(response);
  else response.writeHead(200, { 'last-modified': 'Sun, 01 Jan 2023 00:00:00 GMT' }).end();
});

beforeAll(async () => {
  store.listen(0, '127.0.0.1');
  await once(store, 'listening');
  database = await startTestDatabase();
  client = await database.open();
  teams = teamsOf(database, client);
});
afterAll(async () => {
  store.closeAllConnections();
  store.close();
  await database.stop();
});

/** A team of which 45 blobs may go now. */
async function withGone(tenant: string) {
  asked = [];
  faults = {};
  const team = await teams.settleTeam(tenant);
  await team.keep({ outputs: 1 });
  await team.run(2, { left: texts });
  await team.expire();
  await team.age('25 hours');
  await team.judge();
  const env = {
    BLOB_STORE_URL: `http://127.0.0.1:${(store.address() as AddressInfo).port}/`,
    BLOB_STORE_ACCESS_KEY_ID: 'id',
    BLOB_STORE_SECRET_ACCESS_KEY: 'secret',
  } as Env;
  return {
    ...team,
    remove: (signal = new AbortController().signal, blobsMax = 100) =>
      removeUnnamed({ database: client, env }, team.tenantId, blobsMax, signal),
    claimed: async () => {
      const rows = await teams.seen(
        'select sha256 from app.blobs_to_remove where tenant_id = $1 and claimed_at is not null',
        [team.tenantId],
      );
      return rows.map(({ sha256 }) => textOf(sha256 as string));
    },
  };
}
const fails = (response: ServerResponse) => void response.writeHead(500).end();
const breaks = (response: ServerResponse) => void response.destroy();

describe('a store that fails', () => {
  test('keeps what it was asked to remove and did not, and nothing else: the rest goes', async () => {
    const team = await withGone('Faults');
    faults = {
      'HEAD left 3': fails,
      'HEAD left 30': breaks,
      'DELETE left 4': fails,
      'DELETE left 40': breaks,
    };
    expect(await team.remove()).toBe(45);
    expect(await team.waiting(...texts)).toEqual(['left 3', 'left 4', 'left 30', 'left 40']);
    // Of which nobody knows whether it is on its way.
    expect((await team.claimed()).sort()).toEqual(['left 4', 'left 40']);
    expect((await team.events()).at(-1)).toMatchObject({ details: { blobs: 41 } });
  });

  test('by silence is left in time: what was not begun stays, and may be stored', async () => {
    const team = await withGone('Silence');
    const stop = new AbortController();
    faults = Object.fromEntries(texts.map((text) => [`DELETE ${text}`, () => stop.abort()]));
    await team.remove(stop.signal);
    const begun = asked.filter((request) => request.startsWith('DELETE ')).map((each) => each.slice(7));
    expect(begun.length).toBeGreaterThanOrEqual(1);
    expect(begun.length).toBeLessThanOrEqual(20);
    const claimed = await team.claimed();
    expect(claimed).toEqual(expect.arrayContaining(begun));
    const free = (await team.waiting(...texts)).filter((text) => !claimed.includes(text));
    expect(free.filter((text) => begun.includes(text))).toEqual([]);
    expect(free.length).toBeGreaterThanOrEqual(25);
  });

  test('is not asked at all where the time is over already', async () => {
    const team = await withGone('Late');
    await team.remove(AbortSignal.abort());
    expect(asked).toEqual([]);
    expect(await team.claimed()).toEqual([]);
    expect(await team.waiting(...texts)).toEqual(texts);
  });
});

describe('R2, which knows no end of a request,', () => {
  type Bucket = NonNullable<Env['BLOBS']>;
  let r2: Awaited<ReturnType<typeof getPlatformProxy<{ BLOBS: Bucket }>>>;
  const folder = mkdtempSync(join(tmpdir(), 'causeway-removal-'));
  beforeAll(async () => {
    const configPath = join(folder, 'wrangler.toml');
    const bucket = '[[r2_buckets]]\nbinding = "BLOBS"\nbucket_name = "removal"\n';
    writeFileSync(configPath, `name = "removal"\ncompatibility_date = "2026-11-01"\n${bucket}`);
    r2 = await getPlatformProxy<{ BLOBS: Bucket }>({ configPath, persist: false });
  }, 120_000);
  afterAll(async () => {
    vi.useRealTimers();
    await r2?.dispose();
    rmSync(folder, { recursive: true });
  });

  test('is asked to remove nothing when the time is over, also of what was looked at; else it removes what is old', async () => {
    const team = await withGone('R2');
    const path = `${team.tenantId}/${sha256Of('left 3')}`;
    await r2.env.BLOBS.put(path, 'x');
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 2 * 24 * 3600_000 });
    const late = new AbortController();
    const BLOBS = {
      async head(asked: string) {
        const found = await r2.env.BLOBS.head(asked);
        if (found !== null) late.abort();
        return found;
      },
      delete: (paths: string[]) => r2.env.BLOBS.delete(paths),
    } as unknown as Bucket;
    const removing = (bucket: Bucket, signal: AbortSignal) =>
      removeUnnamed({ database: client, env: { BLOBS: bucket } as Env }, team.tenantId, 100, signal);
    await removing(BLOBS, late.signal);
    expect(late.signal.aborted).toBe(true);
    expect(await r2.env.BLOBS.head(path)).not.toBeNull();
    expect(await team.claimed()).toEqual([]);
    await team.age('25 hours');
    await team.judge();
    await removing(r2.env.BLOBS, new AbortController().signal);
    expect(await r2.env.BLOBS.head(path)).toBeNull();
    expect(await team.waiting(...texts)).toEqual([]);
  });
});

test('of one turn no more go than it may ask for', async () => {
  const team = await withGone('Budget');
  expect(await team.remove(undefined, 30)).toBe(30);
  expect(await team.remove(undefined, 30)).toBe(15);
  expect(await team.remove(undefined, 30)).toBe(0);
  expect(asked).toHaveLength(90);
});
