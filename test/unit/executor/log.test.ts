import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { ROOT_DIR } from '../../../cli/stack/state-paths.ts';
import { releaseStack } from '../../../executor/release-stack.ts';
import { logLine } from '../../../protocol/log-line.ts';

describe('a line of the log', () => {
  it('is one line of printable text, whatever a field holds', () => {
    const line = logLine({
      at: new Date(0).toISOString(),
      level: 'warn',
      message: 'refused',
      reason: 'a\nb\r\u001b[31m\u2028\u0000\u0085',
      long: 'x'.repeat(5000),
    });
    expect(line).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
    expect(line.length).toBeLessThan(2300);
    expect(JSON.parse(line)).toMatchObject({
      at: '1970-01-01T00:00:00.000Z',
      level: 'warn',
      message: 'refused',
    });
  });
});

describe('releases', () => {
  it('run last-in-first-out, once, and one that fails does not keep the others', async () => {
    const done: string[] = [];
    const faults: unknown[] = [];
    const stack = releaseStack((error) => faults.push(error));
    stack.push(() => void done.push('first'));
    stack.push(async () => {
      done.push('second');
      throw new Error('it failed');
    });
    stack.push(() => void done.push('third'));
    await Promise.all([stack.releaseAll(), stack.releaseAll()]);
    expect(done).toEqual(['third', 'second', 'first']);
    expect(faults).toHaveLength(1);
    stack.push(() => void done.push('late'));
    expect(done.at(-1)).toBe('late');
  });
});

/** Ends with 7 after it said much; with another code where that is thrown at it. */
const SAYS_AND_ENDS = `
  import { stderrLog } from './executor/log.ts';
  const log = stderrLog();
  process.on('uncaughtException', () => process.exit(1));
  process.stdin.on('end', () => {
    for (let n = 0; n < 3; n++) log('info', 'said to nobody');
    process.stdout.write('READY');
    setTimeout(() => process.exit(7), 50);
  }).resume();
`;

it('goes on where nobody reads any more what it says', async () => {
  const child = spawn(process.execPath, ['--input-type=module', '--eval', SAYS_AND_ENDS], {
    cwd: ROOT_DIR,
    stdio: 'pipe',
  });
  const exited = once(child, 'exit');
  child.stdout.destroy();
  child.stderr.destroy();
  child.stdin.end('go');
  expect(await exited).toEqual([7, null]);
});
