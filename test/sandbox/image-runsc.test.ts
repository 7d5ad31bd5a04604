import { execFile } from 'node:child_process';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import {
  ensureRunsc,
  isOlderRunsc,
  type Runsc,
  runscMinimum,
  runscVersion,
} from '../../infra/sandbox-image/ensure-runsc.ts';
import { freshStateDir } from './image-cache.ts';

const run = promisify(execFile);

/** What apt and dpkg keep on a host. */
const aptFolders = ['/etc/apt', '/var/lib/apt', '/var/lib/dpkg', '/var/cache/apt'];

/** Puts an overlay over each folder, in a mount namespace of its own: what would be written there lands in `upper`. */
const withOverlays = `set -e
overlays=$1; shift
mount -t tmpfs tmpfs "$overlays"
for folder in ${aptFolders.join(' ')}; do
  mkdir -p "$overlays/upper$folder" "$overlays/work$folder"
  mount -t overlay overlay -o "lowerdir=$folder,upperdir=$overlays/upper$folder,workdir=$overlays/work$folder" "$folder"
done
"$@" >&2
find "$overlays/upper" -mindepth 1 -not -type d`;

const fetchProgram = `import { ensureRunsc } from ${JSON.stringify(path.resolve(import.meta.dirname, '../../infra/sandbox-image/ensure-runsc.ts'))};
console.error(JSON.stringify(await ensureRunsc({ stateDir: process.argv[1] })));`;

test('runsc comes from Debian, runs from the state folder, and nothing is written to the apt of the host', async () => {
  const stateDir = await freshStateDir();
  const overlays = path.join(stateDir, 'overlays');
  await mkdir(overlays);
  const node = [process.execPath, '--no-warnings', '--input-type=module', '-e', fetchProgram, stateDir];
  const { stdout: written, stderr } = await run('unshare', [
    '--mount',
    'sh',
    '-c',
    withOverlays,
    'sh',
    overlays,
    ...node,
  ]);
  expect(written).toBe('');

  const runsc = JSON.parse(stderr.trim().split('\n').at(-1) ?? '') as Runsc;
  expect(path.dirname(runsc.path)).toBe(path.join(stateDir, 'runsc', runsc.version));
  expect(await readdir(path.dirname(runsc.path))).toEqual(['runsc']);
  const { stdout } = await run(runsc.path, ['--version']);
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
