import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig, withServeOptions } from '../../../executor/config.ts';
import { settingsOf } from '../../../executor/host/settings-of.ts';
import { refuseAddress } from '../../../executor/refuse-address.ts';
import { expandSettings, settingsToArgv } from '../../../executor/settings-file.ts';

let dir: string;
let file: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'causeway-settings-'));
  file = join(dir, 'executor.json');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('a settings file', () => {
  test('holds what was said on a command line, and the daemon reads it back', () => {
    const given = ['--url', 'https://causeway.example', '--slots', '4', '--label', 'region=eu'];
    const command = withServeOptions(new Command()).option('--yes');
    command.parse([...given, '--label', 'disk=ssd', '--accept-kernel-as-boundary', '--yes'], {
      from: 'user',
    });
    const settings = settingsOf(command);
    expect(settings).toEqual({
      url: 'https://causeway.example',
      slots: 4,
      label: ['region=eu', 'disk=ssd'],
      'accept-kernel-as-boundary': true,
    });
    writeFileSync(file, JSON.stringify({ ...settings, state: '/s', cache: '/c' }));
    expect(readConfig(['--config', file])).toMatchObject({
      url: 'https://causeway.example',
      slots: 4,
      labels: { region: 'eu', disk: 'ssd' },
      acceptsKernelAsBoundary: true,
      stateDir: '/s',
      cacheDir: '/c',
    });
    expect(readConfig([`--config=${file}`, '--slots', '1'])).toMatchObject({ slots: 1, stateDir: '/s' });
  });

  test('cannot make one option into two', () => {
    expect(settingsToArgv({ name: 'x --sweep', label: ['--self-test'] })).toEqual([
      '--name=x --sweep',
      '--label=--self-test',
    ]);
  });

  test.each([
    ['is not there', null],
    ['is no JSON', '{'],
    ['is a list', '[]'],
    ['has a value that is no option’s', '{"url": {"a": 1}}'],
    ['has a name that is no option’s', '{"--url": "https://x"}'],
  ])('that %s is refused with its name', (_what, content) => {
    const path = join(dir, 'bad.json');
    rmSync(path, { force: true });
    if (content !== null) writeFileSync(path, content);
    expect(expandSettings(['--config', path])).toEqual({
      ok: false,
      reason: expect.stringContaining(path),
    });
  });
});

describe('an address to dial', () => {
  test.each([
    ['https://causeway.example', null],
    ['http://127.0.0.1:8787', null],
    ['http://127.1.2.3', /plain http/],
    ['http://[::1]:8787', null],
    ['http://localhost:8787', null],
    ['http://causeway.example', /plain http/],
    ['http://localhost.evil.example', /plain http/],
    ['http://127.0.0.1.evil.example', /plain http/],
    ['http://10.0.0.1', /plain http/],
    ['ftp://causeway.example', /http or https/],
    ['causeway.example', /http or https/],
    ['https://user:secret@causeway.example', /without user/],
    ['https://causeway.example/?a=1', /without user/],
  ])('%s', (address, refused) => {
    const said = refuseAddress(address);
    if (refused === null) expect(said).toBeNull();
    else expect(said).toMatch(refused);
  });
});
