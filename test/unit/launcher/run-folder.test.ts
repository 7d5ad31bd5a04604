import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { sweepRunFolders } from '../../../cli/testing/run-folder.ts';

const root = mkdtempSync(join(tmpdir(), 'causeway-sweep-'));
afterAll(() => rmSync(root, { recursive: true }));

/** The pid of a process that has ended. */
const gone = spawnSync('true').pid;

function folderOf(pid: number): string {
  const dir = join(root, `causeway-tests-${pid}`);
  mkdirSync(join(dir, 'causeway-hold-x'), { recursive: true });
  return dir;
}

describe('what a killed test run left', () => {
  test('is removed by the next; what a live one has, or nobody named, stays', () => {
    const [left, live] = [folderOf(gone), folderOf(process.ppid)];
    const foreign = join(root, 'causeway-tests-notes');
    mkdirSync(foreign);
    sweepRunFolders(root);
    expect([left, live, foreign].map((dir) => existsSync(dir))).toEqual([false, true, true]);
  });

  test('loses its mounts first: what they show is not removed', () => {
    const shown = join(root, 'image');
    mkdirSync(shown);
    writeFileSync(join(shown, 'python3'), 'of others');
    const left = folderOf(gone);
    expect(spawnSync('mount', ['--bind', shown, join(left, 'causeway-hold-x')]).status).toBe(0);
    sweepRunFolders(root);
    expect(existsSync(left)).toBe(false);
    expect(readFileSync(join(shown, 'python3'), 'utf8')).toBe('of others');
  });

  test('is found, because every test writes below the folder of its run', () => {
    expect(tmpdir()).toMatch(/\/causeway-tests-\d+$/);
  });
});
