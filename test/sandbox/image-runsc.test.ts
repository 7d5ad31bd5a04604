import { execFile } from 'node:child_process';
import { readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import {
  ensureRunsc,
  isOlderRunsc,
  runscMinimum,
  runscVersion,
} from '../../infra/sandbox-image/ensure-runsc.ts';
import { freshStateDir } from './image-cache.ts';

/** Names and times of everything that apt keeps on this host. */
async function hostApt(): Promise<string[]> {
  const found: string[] = [];
  for (const folder of ['/etc/apt', '/var/lib/apt', '/var/lib/dpkg', '/var/cache/apt']) {
    for (const name of ['', ...(await readdir(folder, { recursive: true }))]) {
      const file = path.join(folder, name);
      found.push(`${file} ${(await stat(file)).mtimeMs}`);
    }
  }
  return found.sort();
}

test('runsc comes from Debian, runs from the state folder, and leaves the apt of the host as it was', async () => {
  const stateDir = await freshStateDir();
  const before = await hostApt();
  const runsc = await ensureRunsc({ stateDir });
  expect(await hostApt()).toEqual(before);

  expect(runsc.path.startsWith(stateDir)).toBe(true);
  const { stdout } = await promisify(execFile)(runsc.path, ['--version']);
  expect(runscVersion(stdout)).toBe(runsc.version);
  expect(isOlderRunsc(runsc.version, runscMinimum)).toBe(false);
  expect(await ensureRunsc({ stateDir })).toEqual(runsc);
});

test.each([
  ['of Debian 12', 'echo "runsc version 0.0~20221219.0"', '20221219.0'],
  ['that fails', 'exit 3', 'does not say its version'],
])("an operator's own runsc %s is refused with the remedy", async (_what, script, says) => {
  const file = path.join(await freshStateDir(), 'runsc');
  await writeFile(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  await expect(ensureRunsc({ stateDir: '/nonexistent', runsc: file })).rejects.toMatchObject({
    code: 'runsc_unusable',
    message: expect.stringContaining(says),
    remedy: expect.stringContaining('CAUSEWAY_RUNSC'),
  });
});

test("an operator's own newer runsc is used as it is", async () => {
  const file = path.join(await freshStateDir(), 'runsc');
  await writeFile(file, '#!/bin/sh\necho runsc version release-20260105.0\n', { mode: 0o755 });
  expect(await ensureRunsc({ stateDir: '/nonexistent', runsc: file })).toEqual({
    path: file,
    version: '20260105.0',
  });
});

test.each([
  ['20240729.0', '20240729.0', false],
  ['20240728.9', '20240729.0', true],
  ['20240729.0', '20240729.1', true],
  ['20260105.0', '20240729.1', false],
])('%s is older than %s: %s', (version, minimum, older) => {
  expect(isOlderRunsc(version, minimum)).toBe(older);
});
