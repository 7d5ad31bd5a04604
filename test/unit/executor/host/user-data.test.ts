import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { fillUserData } from '../../../../cli/identity/user-data.ts';
import { ROOT_DIR } from '../../../../cli/stack/state-paths.ts';

const TEMPLATE = readFileSync(join(ROOT_DIR, 'infra/executor-host/user-data.yaml'), 'utf8');
const VALUES = {
  publicUrl: 'https://causeway.example',
  joinToken: `join_${'A'.repeat(43)}`,
  bundleUrl: 'https://files.example/causeway-executor.tar.gz',
  bundleSha256: 'a'.repeat(64),
};

interface UserData {
  readonly packages: readonly string[];
  readonly write_files: readonly { path: string; permissions: string; content: string }[];
  readonly runcmd: readonly (readonly string[])[];
}

describe('the user data of a fresh machine', () => {
  const text = fillUserData(TEMPLATE, VALUES);
  const data = parse(text) as UserData;
  const [token, script] = data.write_files;

  test('is cloud-config, with every value filled in', () => {
    expect(text.split('\n')[0]).toBe('#cloud-config');
    expect(text).not.toContain('{{');
    expect(data.runcmd).toEqual([[script?.path]]);
  });

  test('keeps the token in a file of root’s alone, which goes whatever happens', () => {
    expect(token).toMatchObject({ permissions: '0600', content: VALUES.joinToken });
    expect(text.split(VALUES.joinToken)).toHaveLength(2);
    expect(script?.content).toContain("trap 'rm -f token' EXIT");
  });

  test('runs what was fetched over TLS with the right digest alone, and joins with it', () => {
    const lines = (script?.content ?? '').split('\n');
    const at = (wanted: string) => lines.findIndex((line) => line.startsWith(wanted));
    expect(lines[at('curl')]).toContain("--proto '=https'");
    expect(at('curl')).toBeLessThan(at(`echo '${VALUES.bundleSha256}  bundle.tar.gz' | sha256sum --check`));
    expect(at('echo')).toBeLessThan(at('tar'));
    expect(lines[1]).toBe('set -eu');
    expect(lines).toContain(
      `causeway-executor/causeway-executor join --url '${VALUES.publicUrl}' --token-file token --yes`,
    );
    execFileSync('sh', ['-n'], { input: script?.content ?? '' });
  });

  test('has no value that leaves its quotes', () => {
    expect(() => fillUserData(TEMPLATE, { ...VALUES, bundleUrl: "https://x/'; reboot; '" })).toThrow();
  });
});
