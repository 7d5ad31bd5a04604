import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { prepareBundle } from '../../cli/stack/parts/start-workerd.ts';
import { ROOT_DIR } from '../../cli/stack/state-paths.ts';
import type { WorkerEntry } from '../../cli/stack/worker-entry.ts';

const homeDir = mkdtempSync(join(tmpdir(), 'causeway-bundle-'));
afterAll(() => rmSync(homeDir, { recursive: true, force: true }));

/** Names that the suite calls, and addresses that it reads, as the fixtures write them. */
function fixtureNames(): readonly string[] {
  const sources = globSync('worker/conformance/**/*.ts', { cwd: ROOT_DIR });
  const names = sources.flatMap((path) =>
    [...readFileSync(join(ROOT_DIR, path), 'utf8').matchAll(/'(test_\w+|test:\/\/[\w/-]+)'/g)].map(
      ([, name = '']) => name,
    ),
  );
  return [...new Set(names)];
}

async function modulesOf(entry: WorkerEntry): Promise<string> {
  const { dir, modules } = await prepareBundle(entry, homeDir);
  return modules
    .filter(({ kind }) => kind === 'esModule')
    .map(({ name }) => readFileSync(join(dir, name), 'utf8'))
    .join('\n');
}

test('what is deployed contains no fixture of the conformance suite', async () => {
  const names = fixtureNames();
  expect(names.length).toBeGreaterThan(15);
  const withFixtures = await modulesOf('conformance');
  expect(names.filter((name) => !withFixtures.includes(name))).toEqual([]);
  expect(withFixtures).toContain('worker/conformance/');
  const deployed = await modulesOf('product');
  expect(names.filter((name) => deployed.includes(name))).toEqual([]);
  expect(deployed).not.toContain('worker/conformance/');
});
