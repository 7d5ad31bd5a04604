import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT_DIR } from '../../../../cli/stack/state-paths.ts';
import { PROGRAM_PARTS, programVersion } from '../../../../executor/host/install-program.ts';

describe('the program that is installed on a host', () => {
  test('holds every package that its files import, and what those need', () => {
    const files = ['protocol', 'executor', 'infra/sandbox-image', 'infra/image-signature'].flatMap((part) =>
      readdirSync(join(ROOT_DIR, part), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.ts'))
        .map((name) => readFileSync(join(ROOT_DIR, part, name), 'utf8')),
    );
    const imported = files.flatMap((text) =>
      [...text.matchAll(/^(?:import|export)[^;]*?from '([^.'][^']*)'/gm)].map(([, name = '']) => name),
    );
    const packages = new Set(imported.filter((name) => !name.startsWith('node:')));
    expect([...packages].sort().map((name) => `node_modules/${name}`)).toEqual(
      PROGRAM_PARTS.filter((part) => part.startsWith('node_modules/')),
    );
    for (const name of packages) {
      const text = readFileSync(join(ROOT_DIR, 'node_modules', name, 'package.json'), 'utf8');
      expect((JSON.parse(text) as { dependencies?: object }).dependencies ?? {}).toEqual({});
    }
  });

  test('has one version for the same bytes, wherever they are', async () => {
    expect(await programVersion()).toBe(await programVersion(ROOT_DIR));
    expect(await programVersion()).toMatch(/^\d+\.\d+\.\d+-[0-9a-f]{12}$/);
  });
});
