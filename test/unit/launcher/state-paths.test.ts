import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { preparePaths, statePaths } from '../../../cli/stack/state-paths.ts';

test('what tenants keep in a state folder is closed to other users of the machine', () => {
  const dir = mkdtempSync(join(tmpdir(), 'causeway-paths-'));
  try {
    const paths = statePaths(join(dir, 'state'));
    preparePaths(paths);
    for (const each of [paths.blobs, paths.worker, paths.executor, paths.logs])
      expect(statSync(each).mode & 0o077).toBe(0);
  } finally {
    rmSync(dir, { recursive: true });
  }
});
