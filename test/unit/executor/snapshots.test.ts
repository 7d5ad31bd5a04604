import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepSnapshots } from '../../../executor/sandbox/snapshots.ts';
import { WARM_SPEC } from '../../../executor/sandbox-plan.ts';

describe('snapshots', () => {
  let dir = '';
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'causeway-snapshots-'));
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));
  const take = async (folder: string) => {
    await mkdir(folder);
    return null;
  };
  const silent = () => undefined;

  it('are taken once for all who ask for the same, and apart for others', async () => {
    const snapshots = keepSnapshots(dir, silent);
    const [first, again] = await Promise.all([
      snapshots.find(WARM_SPEC, take),
      snapshots.find(WARM_SPEC, take),
    ]);
    expect(first).toMatch(dir);
    expect(again).toBe(first);
    expect(await snapshots.find({ ...WARM_SPEC, priority: 'run' }, take)).toBe(first);
    const other = { ...WARM_SPEC, environment: { PYTHONHASHSEED: '1' } };
    expect(await snapshots.find(other, take)).not.toBe(first);
  });

  it('that no copy starts from are removed, and taken anew', async () => {
    const snapshots = keepSnapshots(dir, silent);
    const first = (await snapshots.find(WARM_SPEC, take)) ?? '';
    await snapshots.failed(first, 'a copy hung');
    expect(await readdir(dir)).not.toContain(first.slice(dir.length + 1));
    expect(await snapshots.find(WARM_SPEC, take)).not.toBe(first);
  });

  it('are given up where they do not work', async () => {
    const snapshots = keepSnapshots(dir, silent);
    let tries = 0;
    const fail = async () => {
      tries += 1;
      return 'no';
    };
    for (let asked = 0; asked < 5; asked++) expect(await snapshots.find(WARM_SPEC, fail)).toBeNull();
    expect(tries).toBe(3);
  });
});
