import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { childEnvironment } from '../../../cli/stack/child-environment.ts';
import { ROOT_DIR } from '../../../cli/stack/state-paths.ts';

const folder = join(ROOT_DIR, '.causeway/cache/compiled');

/** What Node says of the code that it keeps, at one start. */
function start(): string {
  const env = { ...process.env, NODE_DEBUG_NATIVE: 'COMPILE_CACHE' };
  return spawnSync(join(ROOT_DIR, 'causeway'), ['--help'], { env, encoding: 'utf8' }).stderr;
}

test('a second start of the launcher compiles nothing that the first one compiled', () => {
  start();
  const said = start();
  expect(said).toContain(folder);
  expect(said).toMatch(/cli\/main\.ts.* was accepted/);
});

test('the parts that it starts keep theirs in the same place, or nowhere', () => {
  const before = process.env.NODE_COMPILE_CACHE;
  try {
    process.env.NODE_COMPILE_CACHE = folder;
    expect(childEnvironment('/home').NODE_COMPILE_CACHE).toBe(folder);
    delete process.env.NODE_COMPILE_CACHE;
    expect(childEnvironment('/home')).not.toHaveProperty('NODE_COMPILE_CACHE');
  } finally {
    if (before !== undefined) process.env.NODE_COMPILE_CACHE = before;
  }
});
