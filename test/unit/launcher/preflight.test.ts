import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ROOT_DIR } from '../../../cli/stack/state-paths.ts';

/** Starts the launcher of a fresh checkout on a machine where some programs answer as told, or are missing. */
function start(
  command: string,
  machine: Readonly<Record<string, string>>,
): { readonly code: number | null; readonly says: string } {
  const checkout = mkdtempSync(join(tmpdir(), 'causeway-preflight-'));
  onTestFinished(() => rmSync(checkout, { recursive: true, force: true }));
  const bin = join(checkout, 'bin');
  mkdirSync(bin);
  const programs = {
    uname: 'case $1 in -s) echo Linux ;; *) echo x86_64 ;; esac',
    node: 'echo v20.19.0',
    npm: 'echo "npm error code E503" >&2; exit 1',
    id: 'echo 0',
    python3: 'exit 0',
    'apt-get': 'exit 0',
    ...machine,
  };
  for (const [name, script] of Object.entries(programs)) {
    if (script !== 'absent') writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }
  copyFileSync(join(ROOT_DIR, 'causeway'), join(checkout, 'causeway'));
  writeFileSync(join(checkout, 'package-lock.json'), '{"packages":{}}');
  for (const tool of [
    'sh',
    'cat',
    'cmp',
    'cp',
    'date',
    'dirname',
    'find',
    'head',
    'mkdir',
    'rm',
    'sed',
    'sleep',
    'tail',
  ]) {
    const found = spawnSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).stdout.trim();
    writeFileSync(join(bin, tool), `#!/bin/sh\nexec ${found} "$@"\n`, { mode: 0o755 });
  }
  const { status, stderr } = spawnSync('/bin/sh', [join(checkout, 'causeway'), command], {
    env: { PATH: bin },
    encoding: 'utf8',
  });
  return { code: status, says: stderr };
}

test.each([
  [
    'macOS',
    'up',
    { uname: 'case $1 in -s) echo Darwin ;; *) echo arm64 ;; esac' },
    /runs on Linux x64[\s\S]*Darwin arm64[\s\S]*dev container/,
  ],
  [
    'Linux on arm64',
    'up',
    { uname: 'case $1 in -s) echo Linux ;; *) echo aarch64 ;; esac' },
    /this machine is Linux aarch64/,
  ],
  [
    'Node 18',
    'up',
    { node: 'echo v18.20.4' },
    /Node 20 or newer with npm is missing[\s\S]*found: v18\.20\.4/,
  ],
  ['no Node', 'up', { node: 'absent' }, /Node 20 or newer[\s\S]*found: no node/],
  ['no npm', 'up', { npm: 'absent' }, /Node 20 or newer[\s\S]*npm missing/],
  ['an ordinary user', 'demo', { id: 'echo 1000' }, /executor runs as root[\s\S]*sudo/],
  ['no pip', 'test', { python3: 'exit 1' }, /Python 3 with pip is missing[\s\S]*python3-pip/],
  ['no apt', 'bench', { 'apt-get': 'absent' }, /apt is missing/],
  [
    'a registry that is down',
    'up',
    {},
    /npm error code E503[\s\S]*npm could not install[\s\S]*registry can be reached/,
  ],
] as const)('on %s, `%s` says what is missing and what to do', (_name, command, machine, says) => {
  const started = start(command, machine);
  expect(started.code).toBe(1);
  expect(started.says).toMatch(says);
  expect(started.says).toMatch(/\n {2}why {2}\S.*\n {2}do {3}\S/);
});

test('an ordinary user may ask for help, and for what needs no sandbox', () => {
  const { says } = start('connect', { id: 'echo 1000', python3: 'exit 1' });
  expect(says).not.toMatch(/root|pip/);
});

test('before anything is fetched, the plan says what, from where, how much and how long', () => {
  const { says } = start('up', {});
  expect(says.indexOf('npm packages')).toBeLessThan(says.indexOf('npm error'));
  expect(says).toMatch(/npm packages .*MB .*min\n.*Debian packages .*MB .*min\n.*Python wheels .*MB .*min/);
});
