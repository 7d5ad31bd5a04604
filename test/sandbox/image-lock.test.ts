import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { committedLock, ensureImage } from '../../infra/sandbox-image/ensure-image.ts';
import { gatherPackages } from '../../infra/sandbox-image/gather-packages.ts';
import { type Lock, parseLock } from '../../infra/sandbox-image/lock.ts';
import { recipe } from '../../infra/sandbox-image/recipe.ts';
import { cacheDir, stateDirWith } from './image-cache.ts';

const onProgress = () => {};
const forgedHash = 'f'.repeat(64);

let text: string;
let lock: Lock;

beforeAll(async () => {
  await ensureImage({ stateDir: cacheDir });
  text = await readFile(committedLock, 'utf8');
  lock = parseLock(text);
});

/** The lock with one package's line changed. */
function changed<T extends { name: string }>(packages: readonly T[], name: string, change: Partial<T>): T[] {
  expect(packages.map((item) => item.name)).toContain(name);
  return packages.map((item) => (item.name === name ? { ...item, ...change } : item));
}

describe('the committed lock', () => {
  test('names no address and no host', () => {
    expect(text).not.toMatch(/:\/\/|\bhttps?\b|\.(?:org|com|net|io)\b/);
  });

  test('locks every library of the recipe, as a wheel or as a Debian package', () => {
    expect(lock.wheels.map(({ name }) => name)).toEqual(expect.arrayContaining([...recipe.wheels]));
    expect(lock.debianLibraries.map(({ name }) => name)).toEqual(
      expect.arrayContaining(Object.values(recipe.debianLibraries)),
    );
  });

  test.each([
    ['text that is no JSON', '{'],
    [
      'a package without a hash',
      '{"base":[{"name":"libc6","version":"2.41","bytes":1}],"wheels":[],"debianLibraries":[]}',
    ],
    ['an address', '{"base":[],"wheels":[],"debianLibraries":[],"url":"x"}'],
  ])('%s is refused', (_what, broken) => {
    expect(() => parseLock(broken)).toThrow(expect.objectContaining({ code: 'lock_invalid' }));
  });
});

describe('packages that are not what the lock says', () => {
  test('a Debian package with another hash is refused', async () => {
    const stateDir = await stateDirWith('debs', 'wheels');
    const forged = { ...lock, base: changed(lock.base, 'netbase', { sha256: forgedHash }) };
    await expect(gatherPackages(forged, { stateDir, onProgress })).rejects.toMatchObject({
      code: 'hash_mismatch',
      message: expect.stringContaining('netbase'),
    });
  });

  test('so is one beside a version that the mirror has dropped', async () => {
    const stateDir = await stateDirWith('debs', 'wheels');
    const old = changed(lock.base, 'media-types', { version: '6.0', sha256: forgedHash });
    const forged = { ...lock, base: changed(old, 'netbase', { sha256: forgedHash }) };
    await expect(gatherPackages(forged, { stateDir, onProgress })).rejects.toMatchObject({
      code: 'hash_mismatch',
      message: expect.stringContaining('netbase'),
    });
  });

  test('a wheel with another hash is refused', async () => {
    const stateDir = await stateDirWith('debs', 'wheels');
    const forged = { ...lock, wheels: changed(lock.wheels, 'cycler', { sha256: forgedHash }) };
    await expect(gatherPackages(forged, { stateDir, onProgress })).rejects.toMatchObject({
      code: 'hash_mismatch',
    });
  });

  test('a wheel version that the index does not have is named, with the way to a new lock', async () => {
    const stateDir = await stateDirWith('debs', 'wheels');
    const gone = {
      ...lock,
      wheels: changed(lock.wheels, 'cycler', { version: '0.0.1a1', sha256: forgedHash }),
    };
    await expect(gatherPackages(gone, { stateDir, onProgress })).rejects.toMatchObject({
      code: 'wheel_gone',
      remedy: expect.stringContaining('--update-lock'),
    });
  });

  test('a Debian version that the mirror has dropped is replaced, and the change is listed', async () => {
    const stateDir = await stateDirWith('debs', 'wheels');
    const { version = '' } = lock.base.find(({ name }) => name === 'netbase') ?? {};
    const old = { ...lock, base: changed(lock.base, 'netbase', { version: '6.0', sha256: forgedHash }) };
    const { changes, debs } = await gatherPackages(old, { stateDir, onProgress });
    expect(changes).toContainEqual({ name: 'netbase', from: '6.0', to: version });
    expect(debs).toContainEqual(expect.objectContaining({ name: 'netbase', version }));
  });
});
