import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { link, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { harvest } from '../../../executor/harvest.ts';

/** renameat2(2) with RENAME_EXCHANGE: each name is always there, as the one thing or the other. */
const EXCHANGE_FOR_EVER = `
import ctypes, os, sys
call = ctypes.CDLL(None).syscall
one, other = (os.fsencode(path) for path in sys.argv[1:])
print(call(316, -100, one, -100, other, 2), flush=True)
while True:
    call(316, -100, one, -100, other, 2)
`;

/** A name that is there and is gone, again and again. */
const COME_AND_GO_FOR_EVER = `
import os, sys
print(flush=True)
while True:
    os.close(os.open(sys.argv[1], os.O_CREAT))
    os.unlink(sys.argv[1])
`;

const LIMITS = { filesMax: 4, bytesMax: 1000 };
const HARVESTS = 60;
const HARVESTS_MAX = 5_000;
const NO_LONGER = 'it is no longer the file that it was';

describe('harvest of a folder that a hostile program filled', () => {
  let dir: string;
  let outside: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'causeway-harvest-'));
    outside = await mkdtemp(join(tmpdir(), 'causeway-outside-'));
  });
  afterEach(async () => {
    for (const each of [dir, outside]) await rm(each, { recursive: true, force: true });
  });

  /** What harvests find while a program changes the folder as fast as it can: sixty, and as many as it takes to meet `wanted`. */
  async function harvestWhile(wanted: readonly string[], program: string, ...paths: readonly string[]) {
    const changing = spawn('python3', ['-c', program, ...paths]);
    onTestFinished(() => void changing.kill('SIGKILL'));
    await once(changing.stdout, 'data');
    const kept = new Set<string>();
    const reasons = new Set<string>();
    const isMet = () => wanted.every((reason) => reasons.has(reason));
    for (let times = 0; times < HARVESTS || (!isMet() && times < HARVESTS_MAX); times++) {
      const found = await harvest(dir, LIMITS);
      expect(found.limit).toBeNull();
      for (const { body } of found.kept) kept.add(`${body}`);
      for (const { reason } of found.refused) reasons.add(reason);
    }
    changing.kill('SIGKILL');
    await once(changing, 'close');
    expect([...reasons]).toEqual(expect.arrayContaining([...wanted]));
    return [...kept];
  }

  it('named pipes, sockets, devices and links are named and not opened', async () => {
    execFileSync('mkfifo', [join(dir, 'pipe')]);
    execFileSync('mknod', [join(dir, 'zero'), 'c', '1', '5']);
    const server = createServer().listen(join(dir, 'socket'));
    await symlink('/etc/passwd', join(dir, 'link'));
    await symlink(dir, join(dir, 'loop'));
    await writeFile(join(outside, 'secret'), 'secret');
    await link(join(outside, 'secret'), join(dir, 'hard'));
    const found = await harvest(dir, LIMITS);
    server.close();
    expect(found.kept).toEqual([]);
    expect(found.refused).toEqual([
      { name: 'hard', reason: 'it is a hard link' },
      { name: 'link', reason: 'it is a symbolic link' },
      { name: 'loop', reason: 'it is a symbolic link' },
      { name: 'pipe', reason: 'it is a named pipe' },
      { name: 'socket', reason: 'it is a socket' },
      { name: 'zero', reason: 'it is a device' },
    ]);
    expect(found.limit).toBeNull();
  });

  it.each<[string, string]>([
    ['symbolic link', 'it cannot be opened'],
    ['hard link', NO_LONGER],
    ['named pipe', NO_LONGER],
  ])('a file that is swapped for a %s while it is read leads nowhere', async (kind, reason) => {
    const [own, other] = [join(dir, 'own'), join(dir, 'other')];
    await writeFile(own, 'plain');
    await writeFile(join(outside, 'secret'), 'secret');
    if (kind === 'symbolic link') await symlink(join(outside, 'secret'), other);
    else if (kind === 'hard link') await link(join(outside, 'secret'), other);
    else execFileSync('mkfifo', [other]);
    const wanted = [reason, `it is a ${kind}`];
    expect(await harvestWhile(wanted, EXCHANGE_FOR_EVER, own, other)).toEqual(['plain']);
  });

  it('a folder that is swapped for a link while it is read leads nowhere', async () => {
    await writeFile(join(outside, 'secret'), 'secret');
    await symlink(outside, join(dir, 'link'));
    await mkdir(join(dir, 'own'));
    await writeFile(join(dir, 'own', 'secret'), 'plain');
    const paths = [join(dir, 'own'), join(dir, 'link')];
    expect(await harvestWhile(['it cannot be opened'], EXCHANGE_FOR_EVER, ...paths)).toEqual(['plain']);
  });

  it('a name that is gone when it is looked at is said, and nothing else is lost by it', async () => {
    await writeFile(join(dir, 'stays'), 'plain');
    const wanted = ['it is a name without a file'];
    expect(await harvestWhile(wanted, COME_AND_GO_FOR_EVER, join(dir, 'goes'))).toContain('plain');
  });

  it('a file that gives more bytes than it has is refused, whatever it gives', async () => {
    // Files of the kernel say that they have no bytes.
    const found = await harvest('/proc/self/fdinfo', { filesMax: 1000, bytesMax: 2 ** 20 });
    expect(found.kept).toEqual([]);
    expect(new Set(found.refused.map(({ reason }) => reason))).toContain(NO_LONGER);
    expect(found.limit).toBeNull();
  });

  it('what is kept has its bytes, its digest, its media type and its whole name', async () => {
    await mkdir(join(dir, 'charts', 'deep'), { recursive: true });
    await writeFile(join(dir, 'charts', 'deep', 'a.png'), 'not really');
    await writeFile(join(dir, 'empty'), '');
    const body = Buffer.from('not really');
    expect(await harvest(dir, LIMITS)).toEqual({
      kept: [
        {
          output: {
            name: 'charts/deep/a.png',
            bytes: 10,
            sha256: createHash('sha256').update(body).digest('hex'),
            media_type: 'image/png',
          },
          body,
        },
        {
          output: {
            name: 'empty',
            bytes: 0,
            sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
            media_type: 'application/octet-stream',
          },
          body: Buffer.alloc(0),
        },
      ],
      refused: [],
      limit: null,
    });
  });

  it('a name that cannot be shown is refused as it can be shown, with the folder that it is in', async () => {
    await mkdir(join(dir, 'sub'));
    await writeFile(join(dir, 'sub', 'a\nb'), 'x');
    await symlink('x', join(dir, 'sub', 'c\nd'));
    expect(await harvest(dir, LIMITS)).toMatchObject({
      kept: [],
      refused: [
        { name: 'sub/a\\x0ab', reason: 'its name has characters that are not shown as themselves' },
        { name: 'sub/c\\x0ad', reason: 'it is a symbolic link' },
      ],
    });
  });

  it('files in the eighth folder are not kept, and what lies deeper is not entered', async () => {
    const folders = ['1', '2', '3', '4', '5', '6', '7'];
    await mkdir(join(dir, ...folders, '8', '9'), { recursive: true });
    await writeFile(join(dir, ...folders, 'kept'), 'x');
    await writeFile(join(dir, ...folders, '8', 'unseen'), 'x');
    const found = await harvest(dir, LIMITS);
    expect(found.kept.map(({ output }) => output.name)).toEqual(['1/2/3/4/5/6/7/kept']);
    expect(found.refused).toEqual([
      { name: '1/2/3/4/5/6/7/8', reason: 'folders deeper than 8 are not kept' },
    ]);
  });

  it('a folder that is not there is said, and is no fault of the executor', async () => {
    expect(await harvest(join(dir, 'none'), LIMITS)).toEqual({
      kept: [],
      refused: [{ name: '', reason: 'it cannot be opened' }],
      limit: null,
    });
  });

  it('nothing that it opened stays open', async () => {
    await mkdir(join(dir, 'sub'));
    await writeFile(join(dir, 'sub', 'file'), 'x');
    await harvest(dir, LIMITS);
    const open = readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/self/fd/${fd}`)];
      } catch {
        return [];
      }
    });
    expect(open.filter((path) => path.startsWith(dir))).toEqual([]);
  });

  it('the order is that of the names, whatever the folder says', async () => {
    const names = ['b', 'a', 'C', 'ä', ...Array.from({ length: 40 }, (_, index) => `n${90 - index}`)];
    for (const name of names) await writeFile(join(dir, name), '');
    const found = await harvest(dir, { ...LIMITS, filesMax: 100 });
    const byBytes = names.toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
    expect(found.kept.map(({ output }) => output.name)).toEqual(byBytes);
  });

  it('the cap on bytes counts all files together, and smaller ones after it are still kept', async () => {
    await writeFile(join(dir, '1'), Buffer.alloc(600));
    await writeFile(join(dir, '2'), Buffer.alloc(600));
    await writeFile(join(dir, '3'), Buffer.alloc(400));
    await writeFile(join(dir, '4'), Buffer.alloc(1));
    const found = await harvest(dir, LIMITS);
    expect(found.kept.map(({ output }) => output.name)).toEqual(['1', '3']);
    expect(found.limit).toBe('run_harvest_bytes');
    const reason = 'it does not fit into what is kept of a run';
    expect(found.refused).toEqual([
      { name: '2', reason },
      { name: '4', reason },
    ]);
  });

  it('a sparse file of 1 TB is refused by its size, unread', async () => {
    await writeFile(join(dir, 'sparse'), '');
    await truncate(join(dir, 'sparse'), 2 ** 40);
    const found = await harvest(dir, LIMITS);
    expect(found).toMatchObject({ kept: [], limit: 'run_harvest_bytes' });
  });

  it('the cap on files keeps the first', async () => {
    for (const name of ['1', '2', '3', '4', '5', '6']) await writeFile(join(dir, name), name);
    const found = await harvest(dir, LIMITS);
    expect(found.kept.map(({ output }) => output.name)).toEqual(['1', '2', '3', '4']);
    const reason = 'more than 4 files';
    expect(found).toMatchObject({
      limit: 'run_harvest_files',
      refused: [
        { name: '5', reason },
        { name: '6', reason },
      ],
    });
  });

  it.each<[string, readonly number[], string]>([
    ['files', [1, 1, 1, 1, 1, 2000], 'run_harvest_files'],
    ['bytes', [2000, 1, 1, 1, 1, 1], 'run_harvest_bytes'],
  ])('of two caps that are met the first is told: of %s', async (_cap, sizes, limit) => {
    for (const [index, size] of sizes.entries()) await writeFile(join(dir, `${index}`), Buffer.alloc(size));
    expect((await harvest(dir, LIMITS)).limit).toBe(limit);
  });

  it('so many entries are looked at, wherever they are, and no more', async () => {
    await mkdir(join(dir, 'a'));
    for (const name of ['a/1', 'a/2', 'b', 'c']) await writeFile(join(dir, name), '');
    const names = async (entriesMax: number) =>
      (await harvest(dir, { ...LIMITS, entriesMax })).kept.map(({ output }) => output.name);
    expect(await names(5)).toEqual(['a/1', 'a/2', 'b', 'c']);
    expect(await names(4)).toEqual(['a/1', 'a/2', 'b']);
    expect(await names(2)).toEqual(['a/1']);
  });

  it('refused files are listed, at most twenty', async () => {
    await mkdir(join(dir, 'links'));
    for (let index = 0; index < 50; index++) await symlink('x', join(dir, 'links', `${index}`));
    expect((await harvest(dir, LIMITS)).refused).toHaveLength(20);
  });
});
