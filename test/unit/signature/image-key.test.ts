import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureImageKey, readImageKey, writeImageKey } from '../../../cli/identity/image-key.ts';

describe('the private key that images are signed with', () => {
  let dir: string;
  let file: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'causeway-image-key-'));
    file = join(dir, 'image-key');
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  it('is for its owner alone, and the same at the next start', async () => {
    const made = await ensureImageKey(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await ensureImageKey(file)).publicKey).toBe(made.publicKey);
    expect(made.publicKey).toMatch(/^development\+[0-9a-f]{8}\+/);
  });

  it('is never replaced by another', async () => {
    await writeImageKey(file, 'ops');
    const text = readFileSync(file, 'utf8');
    await expect(writeImageKey(file, 'ops')).rejects.toThrow('No key was made.');
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  it.each([0o640, 0o604, 0o620, 0o602])(
    'signs nothing where others may have had it (mode %o)',
    async (mode) => {
      await writeImageKey(file, 'ops');
      chmodSync(file, mode);
      await expect(readImageKey(file)).rejects.toThrow(`Nothing is signed with ${file}.`);
    },
  );

  it('is asked for where there is none, or something else', async () => {
    await expect(readImageKey(file)).rejects.toThrow('holds no private key of ours');
    writeFileSync(file, '-----BEGIN PRIVATE KEY-----\n', { mode: 0o600 });
    await expect(readImageKey(file)).rejects.toThrow('holds no private key of ours');
  });
});
