import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeFolders, mountPointsUnder, unmountUnder } from '../../executor/sandbox/mounts.ts';
import { WARM_SPEC } from '../../executor/sandbox-plan.ts';

const run = promisify(execFile);

describe('the mounts of a sandbox', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'causeway-mounts-'));
  });
  afterEach(async () => {
    await unmountUnder(dir);
    await rm(dir, { recursive: true, force: true });
  });
  const mounted = async () => mountPointsUnder(await readFile('/proc/self/mountinfo', 'utf8'), dir);

  it('all go, also when the signal that ends the executor ends umount halfway', async () => {
    const { outputs, tmp } = await makeFolders(dir, WARM_SPEC.limits);
    expect((await mounted()).sort()).toEqual([outputs, tmp].sort());
    let isFirst = true;
    await unmountUnder(dir, async (points) => {
      const all = isFirst ? points.slice(0, 1) : points;
      await run('umount', ['--lazy', ...all]);
      if (isFirst) {
        isFirst = false;
        await run('sh', ['-c', 'kill -TERM $$']);
      }
    });
    expect(await mounted()).toEqual([]);
  });

  it('that cannot be ended are a fault that is told', async () => {
    await makeFolders(dir, WARM_SPEC.limits);
    const refuse = () => Promise.reject(new Error('umount: must be superuser'));
    await expect(unmountUnder(dir, refuse)).rejects.toThrow('must be superuser');
    expect(await mounted()).toHaveLength(2);
  });
});
