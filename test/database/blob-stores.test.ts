import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { AwsClient } from 'aws4fetch';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { getPlatformProxy } from 'wrangler';
import type { BlobFiles } from '../../cli/blobs/blob-files.ts';
import { folderBlobs } from '../../cli/blobs/folder-blobs.ts';
import { s3Blobs } from '../../cli/blobs/s3-blobs.ts';
import { r2Incoming } from '../../worker/blobs/r2-store.ts';
import { r2Files, type StoreFiles, s3Files } from '../../worker/blobs/tenant-files.ts';
import { type BackedUp, contentsOf, refusalOf, startBackedUp } from '../support/backups.ts';
import { type Moto, type MotoKey, REGION, startMoto } from '../support/moto/start-moto.ts';

type Bucket = Parameters<typeof r2Files>[0];

const MAY = ['s3:PutObject', 's3:GetObject', 's3:DeleteObject', 's3:ListBucket'];
const folder = mkdtempSync(join(tmpdir(), 'causeway-stores-'));
let moto: Moto;
let key: MotoKey;
let r2: Awaited<ReturnType<typeof getPlatformProxy<{ BLOBS: Bucket }>>>;

beforeAll(async () => {
  const configPath = join(folder, 'wrangler.toml');
  const bucket = '[[r2_buckets]]\nbinding = "BLOBS"\nbucket_name = "listed"\n';
  writeFileSync(configPath, `name = "listing"\ncompatibility_date = "2026-11-01"\n${bucket}`);
  [moto, r2] = await Promise.all([
    startMoto(),
    getPlatformProxy<{ BLOBS: Bucket }>({ configPath, persist: false }),
  ]);
  for (const name of ['listed', 'blobs', 'restored']) await moto.makeBucket(name);
  key = await moto.onlyFor(MAY);
}, 600_000);
afterAll(async () => {
  await Promise.all([moto?.stop(), r2?.dispose()]);
  rmSync(folder, { recursive: true });
});

const credentials = () => ({ accessKeyId: key.id, secretAccessKey: key.secret, region: REGION });
const bucketOf = (name: string, more: { readonly secretAccessKey?: string } = {}): BlobFiles =>
  s3Blobs({ url: `${moto.origin}/${name}`, ...credentials(), ...more });
const bytesOf = (text: string) =>
  (async function* () {
    yield Buffer.from(text);
  })();

describe.each<[string, () => { files: StoreFiles; put: (path: string, text: string) => Promise<unknown> }]>([
  [
    'S3',
    () => {
      const client = new AwsClient({ ...credentials(), service: 's3' });
      const send = async (path: string, init: RequestInit) =>
        fetch(await client.sign(`${moto.origin}/listed/${path}`, init));
      return { files: s3Files(send), put: (path, body) => send(path, { method: 'PUT', body }) };
    },
  ],
  ['R2', () => ({ files: r2Files(r2.env.BLOBS), put: (path, text) => r2.env.BLOBS.put(path, text) })],
])('the files of a tenant in %s', (_store, open) => {
  const NAMES = ['00', 'a0', 'audit/2026-11-22/bb', 'audit/2026-11-23/aa', 'f0'];

  test('are listed in pages, folders deep and in order, with their lengths; and nobody else’s', async () => {
    const { files, put } = open();
    for (const [index, name] of NAMES.toReversed().entries()) await put(`ten_ann/${name}`, 'x'.repeat(index));
    for (const path of ['ten_annika/00', 'ten_bob/00', 'incoming/ten_ann/00']) await put(path, 'not hers');
    const all = NAMES.map((name, index) => ({ name, bytes: NAMES.length - 1 - index }));
    expect(await files.list('ten_ann/', null, 1000)).toEqual(all);
    const paged = [];
    for (let after: string | null = null, page = await files.list('ten_ann/', after, 2); page.length > 0; ) {
      expect(page.length).toBeLessThanOrEqual(2);
      paged.push(...page);
      after = page.at(-1)?.name ?? null;
      page = await files.list('ten_ann/', after, 2);
    }
    expect(paged).toEqual(all);
    expect(await files.list('ten_nobody/', null, 10)).toEqual([]);
  });

  test('are known with the time at which they were written; of what is not there it is told', async () => {
    const { files, put } = open();
    await put('ten_ann/young', 'x');
    const writtenAt = await files.writtenAt('ten_ann/young');
    // S3 tells whole seconds.
    expect(Math.abs((writtenAt ?? 0) - Date.now())).toBeLessThan(60_000);
    expect(await files.writtenAt('ten_ann/never-there')).toBeNull();
    await files.remove(['ten_ann/young']);
    expect(await files.writtenAt('ten_ann/young')).toBeNull();
  });

  test('are removed by their paths, also those that are gone already, and no others', async () => {
    const { files } = open();
    await files.remove(['ten_ann/00', 'ten_ann/audit/2026-11-22/bb', 'ten_ann/never-there']);
    const left = await files.list('ten_ann/', null, 10);
    expect(left.map(({ name }) => name)).toEqual(['a0', 'audit/2026-11-23/aa', 'f0']);
    expect(await files.list('ten_annika/', null, 10)).toHaveLength(1);
  });
});

test('what waits in R2 is listed with the time at which it came, so many at once, and removed', async () => {
  const waiting = r2Incoming(r2.env.BLOBS);
  const before = Date.now();
  for (const attempt of ['1', '2', '3']) await r2.env.BLOBS.put(`incoming/ten_waits/${attempt}`, 'x');
  const listed = await waiting.list('incoming/ten_waits/', 2);
  expect(listed.map(({ path }) => path)).toEqual(['incoming/ten_waits/1', 'incoming/ten_waits/2']);
  for (const { writtenAt } of listed) expect(Math.abs(writtenAt - before)).toBeLessThan(60_000);
  await waiting.remove(listed.map(({ path }) => path));
  expect(await waiting.list('incoming/ten_waits/', 2)).toMatchObject([{ path: 'incoming/ten_waits/3' }]);
});

describe('an S3 endpoint as the operator reaches it', () => {
  test('keeps whole files, gives their first bytes with the length of all, and knows what it has not', async () => {
    const bucket = bucketOf('listed');
    await bucket.write('ten_ann/whole', bytesOf('0123456789'), 10);
    await bucket.write('ten_ann/empty', bytesOf(''), 0);
    const read = async (path: string, bytesMax?: number) => {
      const found = await bucket.read(path, bytesMax);
      return found === null ? null : [found.bytes, (await buffer(found.body)).toString()];
    };
    expect(await read('ten_ann/whole')).toEqual([10, '0123456789']);
    expect(await read('ten_ann/whole', 4)).toEqual([10, '0123']);
    expect(await read('ten_ann/empty')).toEqual([0, '']);
    expect(await read('ten_ann/empty', 4)).toEqual([0, '']);
    expect(await read('ten_ann/none')).toBeNull();
    await expect(bucket.write('ten_ann/cut', bytesOf('012'), 4)).rejects.toThrow('3 bytes instead of 4');
    expect(await read('ten_ann/cut')).toBeNull();
  });

  test('that refuses is told as a failure with what to look at, and without the key', async () => {
    const wrong = bucketOf('listed', { secretAccessKey: 'a-wrong-secret' });
    const said = await refusalOf(wrong.read('ten_ann/whole'));
    expect(said).toMatch(/refused to read ten_ann\/whole\. it answered 403/);
    expect(said).not.toContain('a-wrong-secret');
    expect(await refusalOf(wrong.write('ten_ann/new', bytesOf('x'), 1))).toMatch(/refused to write/);
  });
});

describe('a backup of a deployment whose blobs lie in S3', () => {
  let world: BackedUp;
  beforeAll(async () => {
    world = await startBackedUp();
    const [store, local] = [bucketOf('blobs'), folderBlobs(world.blobsDir)];
    for (const path of [world.blobPath, world.otherBlobPath]) {
      const found = await local.read(path);
      if (found === null) throw new Error(`${path} was written`);
      await store.write(path, found.body, found.bytes);
    }
  }, 120_000);
  afterAll(() => world?.stop());

  test('has every blob, is restored into another bucket, and fetches each blob once', async () => {
    const out = join(world.folder, 'of-s3');
    const first = await world.take({ out, blobs: bucketOf('blobs') });
    expect([first.blobs, first.missing]).toMatchObject([{ count: 2, fetched: 2 }, []]);
    expect((await world.take({ out, blobs: bucketOf('blobs') })).blobs).toMatchObject({
      count: 2,
      fetched: 0,
    });

    const target = await world.database.sibling();
    const restored = bucketOf('restored');
    const report = await world.restore(target, { from: out, blobs: restored });
    expect(report.blobs).toEqual({ count: 2, written: 2 });
    expect(await contentsOf(target.asSuperuser)).toEqual(await contentsOf(world.database.asSuperuser));
    const found = await restored.read(world.blobPath);
    expect(found === null ? null : (await buffer(found.body)).toString()).toBe(
      readFileSync(join(world.blobsDir, world.blobPath), 'utf8'),
    );
  });

  test('replaces no blob in a bucket that somebody uses', async () => {
    const used = bucketOf('listed');
    await used.write(world.blobPath, bytesOf('sealed anew since then'), 22);
    const refused = refusalOf(world.restore(await world.database.sibling(), { blobs: used }));
    expect(await refused).toMatch(/in use.*with other bytes than in the backup/);
  });

  test('names blobs that the bucket lost or has wrongly, and stops where it is refused', async () => {
    await moto.send('s3', `/blobs/${world.otherBlobPath}`, { method: 'DELETE' }, key);
    await bucketOf('blobs').write(world.blobPath, bytesOf('print("Eve!")\n'), 14);
    const out = join(world.folder, 'lost-in-s3');
    expect((await world.take({ out, blobs: bucketOf('blobs') })).missing).toEqual(
      expect.arrayContaining([
        { path: world.blobPath, why: 'damaged' },
        { path: world.otherBlobPath, why: 'absent' },
      ]),
    );
    const wrong = bucketOf('blobs', { secretAccessKey: 'a-wrong-secret' });
    const refused = world.take({ out: join(world.folder, 'refused'), blobs: wrong });
    expect(await refusalOf(refused)).toMatch(/refused to read .*403/);
  });
});
