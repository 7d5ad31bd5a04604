import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { logFileOf } from '../../../cli/stack/part.ts';
import { ROOT_DIR, statePaths } from '../../../cli/stack/state-paths.ts';

test('a secret that a part wrote in two pieces, across a line of before or an escape, is not shown by ./causeway logs', async () => {
  const state = mkdtempSync(join(tmpdir(), 'causeway-logs-'));
  onTestFinished(() => rmSync(state, { recursive: true }));
  const file = logFileOf(statePaths(state), 'postgres');
  mkdirSync(dirname(file), { recursive: true });
  const secret = 'S3cr3tS3cr3tS3cr3tS3cr3tS3cr3tS3cr3tS3cr3t1';
  const login = `could not connect to postgres://causeway_app:${secret}@db.example.com/x`;
  // The last line is being written, in the middle of its secret, when somebody begins to look.
  appendFileSync(file, `before: ${login}\nat the begin: ${login.slice(0, 60)}`);
  const args = [join(ROOT_DIR, 'cli/main.ts'), 'logs', 'postgres', '--follow', '--state', state];
  const logs = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void logs.kill('SIGKILL'));
  const lines: string[] = [];
  createInterface({ input: logs.stdout }).on('line', (line) => lines.push(line));
  const isShown = (line: string) => expect.poll(() => lines).toContain(line);
  const shown = 'could not connect to postgres://***@db.example.com/x';
  await isShown(`before: ${shown}`);
  appendFileSync(file, `${login.slice(60)}\n`);
  await isShown(`at the begin: ${shown}`);
  // Each piece by itself looks like nothing; what is shown beside it proves that it was read before the other was written.
  for (const at of [40, 60, login.length - 5]) {
    appendFileSync(file, `at ${at}\n${at}: ${login.slice(0, at)}`);
    await isShown(`at ${at}`);
    appendFileSync(file, `${login.slice(at)}\n`);
    await isShown(`${at}: ${shown}`);
  }
  appendFileSync(file, `red: ${login.replace('://', ':\u001b[0m//')}\n`);
  await isShown(`red: ${shown}`);
  expect(lines.join()).not.toContain(secret.slice(0, 8));
});
