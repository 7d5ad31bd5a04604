import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ROOT_DIR } from '../../cli/stack/state-paths.ts';
import { launchUp, leftoversOf, pressCtrlC, temporaryStateDir } from '../support/launcher.ts';

const upgrade = (stateDir: string, ...more: readonly string[]) =>
  promisify(execFile)(join(ROOT_DIR, 'causeway'), [
    ...['upgrade', '--out', temporaryStateDir(), '--state', stateDir, '--json'],
    ...more,
  ]).then(
    ({ stdout }) => ({ code: 0, stdout, stderr: '' }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
      code,
      stdout,
      stderr,
    }),
  );
const pidsOf = (stateDir: string): Readonly<Record<string, number>> =>
  JSON.parse(readFileSync(join(stateDir, 'connection.json'), 'utf8')).pids;

describe('an upgrade of a stack that runs', () => {
  test('has it start again, every part, in the same process, and waits until it is well', async () => {
    const up = await launchUp({ slots: 0 });
    const { pids: before, apiToken } = await up.ready;
    const { code, stdout } = await upgrade(up.stateDir);
    expect([code, JSON.parse(stdout)]).toEqual([0, { backup: null, applied: [], restarted: true }]);
    expect((await fetch(`http://127.0.0.1:${up.port}/healthz`)).status).toBe(200);
    const after = pidsOf(up.stateDir);
    expect(Object.keys(after)).toEqual(Object.keys(before));
    for (const [part, pid] of Object.entries(after))
      expect([part, pid === before[part]]).toEqual([part, part === 'launcher']);
    const asked = await fetch(`http://127.0.0.1:${up.port}/mcp`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        authorization: `Bearer ${apiToken}`,
      },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }),
    });
    expect(asked.status).toBe(200);
    await asked.text();
    pressCtrlC(up);
    expect(await up.ended).toEqual({ code: 0, signal: null });
    expect(leftoversOf(up.stateDir)).toEqual([]);
  });

  test('says so where it does not come back, and leaves it alone where it is told to', async () => {
    const up = await launchUp({ slots: 0 });
    const { pids: before } = await up.ready;
    expect(JSON.parse((await upgrade(up.stateDir, '--no-restart')).stdout)).toMatchObject({
      restarted: false,
    });
    expect(pidsOf(up.stateDir)).toEqual(before);
    // What the next start refuses: a folder of a version to come.
    writeFileSync(join(up.stateDir, 'state-version'), '999\n');
    const { code, stderr } = await upgrade(up.stateDir);
    expect(code).toBe(1);
    expect(stderr).toMatch(/did not come back[\s\S]*its process ended while it started again/);
    expect(await up.ended).toEqual({ code: 1, signal: null });
    expect(up.output()).toContain('was made by another version of Causeway');
    expect(leftoversOf(up.stateDir)).toEqual([]);
  });
});
