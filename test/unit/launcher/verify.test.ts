import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { causeway } from '../../support/causeway.ts';

const folder = mkdtempSync(join(tmpdir(), 'causeway-verify-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('evidence that is asked for', () => {
  test('of a deployment is written with each check, also where nobody answers', async () => {
    const file = join(folder, 'evidence.json');
    const { code } = await causeway(['verify', '--url', 'http://127.0.0.1:1', '--out', file]);
    expect(code).toBe(1);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
      url: 'http://127.0.0.1:1',
      holds: false,
      checks: expect.arrayContaining([expect.objectContaining({ id: 'reachable', state: 'failed' })]),
    });
  });

  test('in a folder that is absent is refused before a test runs', async () => {
    const { code, stderr } = await causeway(['verify', 'G1', '--out', join(folder, 'absent/evidence.json')]);
    expect(code).toBe(1);
    expect(stderr).toContain('there is no folder');
    expect(stderr).not.toContain('files');
  });
});
