import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
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

const LIMITS = { filesMax: 4, bytesMax: 1000 };

describe('harvest of a folder that a hostile program filled', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'causeway-harvest-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it('named pipes, sockets, devices and links are named and not opened', async () => {
    execFileSync('mkfifo', [join(dir, 'pipe')]);
    execFileSync('mknod', [join(dir, 'zero'), 'c', '1', '5']);
    const server = createServer().listen(join(dir, 'socket'));
    await symlink('/etc/passwd', join(dir, 'link'));
    await symlink(dir, join(dir, 'loop'));
    const found = await harvest(dir, LIMITS);
    server.close();
    expect(found.kept).toEqual([]);
    expect(found.refused).toEqual([
      { name: 'link', reason: 'it is a symbolic link' },
      { name: 'loop', reason: 'it is a symbolic link' },
      { name: 'pipe', reason: 'it is a named pipe' },
      { name: 'socket', reason: 'it is a socket' },
      { name: 'zero', reason: 'it is a device' },
    ]);
  });

  it.each([
    ['file', 'secret'],
    ['folder', ''],
  ])('a %s that is swapped for a link while it is read leads nowhere', async (kind, below) => {
    const outside = await mkdtemp(join(tmpdir(), 'causeway-outside-'));
    await writeFile(join(outside, 'secret'), 'secret');
    await symlink(join(outside, below), join(dir, 'link'));
    if (kind === 'folder') await mkdir(join(dir, 'own'));
    await writeFile(kind === 'folder' ? join(dir, 'own', 'secret') : join(dir, 'own'), 'plain');
    const swapping = spawn('python3', ['-c', EXCHANGE_FOR_EVER, join(dir, 'own'), join(dir, 'link')]);
    onTestFinished(() => void swapping.kill('SIGKILL'));
    await once(swapping.stdout, 'data');
    const kept: string[] = [];
    for (let times = 0; times < 1000; times++)
      kept.push(...(await harvest(dir, LIMITS)).kept.map(({ body }) => `${body}`));
    swapping.kill('SIGKILL');
    await once(swapping, 'close');
    await rm(outside, { recursive: true });
    expect(kept).toContain('plain');
    expect(kept).not.toContain('secret');
  });

  it('the order is that of the names, whatever the folder says', async () => {
    for (const name of ['b', 'a', 'C', 'ä']) await writeFile(join(dir, name), name);
    const found = await harvest(dir, LIMITS);
    expect(found.kept.map(({ output }) => output.name)).toEqual(['C', 'a', 'b', 'ä']);
  });

  it('the cap on bytes counts all files together, and smaller ones after it are still kept', async () => {
    await writeFile(join(dir, '1'), Buffer.alloc(600));
    await writeFile(join(dir, '2'), Buffer.alloc(600));
    await writeFile(join(dir, '3'), Buffer.alloc(400));
    const found = await harvest(dir, LIMITS);
    expect(found.kept.map(({ output }) => output.name)).toEqual(['1', '3']);
    expect(found.limit).toBe('run_harvest_bytes');
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
    expect(found).toMatchObject({ limit: 'run_harvest_files', refused: [{ name: '5' }, { name: '6' }] });
  });

  it('refused files are listed, at most twenty', async () => {
    await mkdir(join(dir, 'links'));
    for (let index = 0; index < 50; index++) await symlink('x', join(dir, 'links', `${index}`));
    expect((await harvest(dir, LIMITS)).refused).toHaveLength(20);
  });
});
