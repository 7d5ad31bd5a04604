import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { restartStack } from '../../../cli/stack/restart-stack.ts';
import { type Holder, lockState } from '../../../cli/stack/state-lock.ts';

/** A process that has what was the number of the stack before: a signal would end it. */
let stranger: ChildProcess;
let folder: string;
let before: Holder;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-restart-'));
  stranger = spawn('sleep', ['600'], { stdio: 'ignore' });
  await once(stranger, 'spawn');
  before = {
    ...{ pid: stranger.pid ?? 0, publicUrl: 'http://127.0.0.1:1', workerPort: 1, startedAt: 'then' },
    ...{ restarts: true, parts: [] },
  };
});
afterEach(async () => {
  await end();
  rmSync(folder, { recursive: true });
});

/** By which signal it ended; of those that wait the kernel gives the one with the lowest number first. */
async function end(): Promise<NodeJS.Signals | null> {
  if (stranger.exitCode === null && stranger.signalCode === null) {
    const ended = once(stranger, 'exit');
    stranger.kill('SIGTERM');
    await ended;
  }
  return stranger.signalCode;
}

/** What is said of a restart while this holds the folder. */
async function refusal(now: Holder | null): Promise<string> {
  const lock = now === null ? null : await lockState(folder, now);
  try {
    return await restartStack(folder, before).then(
      () => 'restarted',
      (thrown) => String(thrown.why),
    );
  } finally {
    if (lock !== null && 'release' in lock) await lock.release();
  }
}

test('a stack that ended meanwhile is not told to start again, nor who has its number by now', async () => {
  expect(await refusal(null)).toMatch(/^it ended while the database was upgraded/);
  expect(await end()).toBe('SIGTERM');
});

test.each<[string, Partial<Holder>]>([
  ['by another process', { pid: process.pid }],
  ['by a process of the same number', { startedAt: 'now' }],
])('one that was started again %s is left alone', async (_, changes) => {
  expect(await refusal({ ...before, ...changes })).toMatch(/^it was started again meanwhile/);
  expect(await end()).toBe('SIGTERM');
});

test('one whose process is gone when the signal comes says so in a sentence', async () => {
  await end();
  expect(await refusal(before)).toMatch(/^its process could not be told to start again: kill ESRCH/);
});
