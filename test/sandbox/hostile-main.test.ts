import { readdirSync, readFileSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WARM_SPEC } from '../../executor/sandbox-plan.ts';
import { attack } from '../support/attack-files.ts';
import { type SandboxHost, startSandboxHost } from '../support/sandbox-host.ts';

describe("what Mallory's program says of itself does not decide", () => {
  let host: SandboxHost;
  beforeAll(async () => {
    host = await startSandboxHost({ warm: 0 });
  });
  afterAll(() => host.stop());

  it('os._exit, signals and an exit text are told as they are', async () => {
    const exits = [
      ['import os; os._exit(9)', { state: 'failed', exit_code: 9 }],
      ['import os; os.kill(os.getpid(), 11)', { state: 'failed', exit_code: 139 }],
      // In its first line, which is not before it began.
      ['import os; os.kill(os.getpid(), 9)', { state: 'failed', exit_code: 137 }],
      ['raise SystemExit("no data")', { state: 'failed', exit_code: 1 }],
      ['raise SystemExit', { state: 'succeeded', exit_code: 0 }],
    ] as const;
    for (const [code, expected] of exits) expect((await host.run({ code })).outcome).toMatchObject(expected);
  });

  it('nothing of a run moves between its end and its removal, while its outputs are read', async () => {
    const started = await host.engine.start({ ...WARM_SPEC, imports: [], priority: 'run' }).started;
    if (!started.ok) throw new Error(started.reason);
    const { sandbox } = started;
    await writeFile(join(sandbox.folders.repo, 'main.py'), attack('processes/double_fork').code);
    sandbox.stdout.resume();
    sandbox.go({ entry: 'main.py', environment: {}, seed: 0, memoryBytes: 2 ** 29, processesMax: 256 });
    await sandbox.ended;
    const alive = join(sandbox.folders.outputs, 'alive.txt');
    const sizes = new Set<number>();
    for (let times = 0; times < 3000; times++) sizes.add((await stat(alive)).size);
    await sandbox.destroy();
    expect(sizes.size).toBe(1);
  });

  it('a bug is told with the line of its own file, without frames of the harness', async () => {
    const { outcome, stderr } = await host.run({
      entry: 'model.py',
      code: 'from rates import rate\n\nprint(rate("EUR"))\n',
      files: { 'rates.py': 'RATES = {}\n\ndef rate(name):\n    return RATES[name]\n' },
    });
    expect(outcome).toMatchObject({
      state: 'failed',
      exit_code: 1,
      error: { type: 'KeyError', message: "'EUR'", path: 'rates.py', line: 4 },
      message: "KeyError at line 4 of rates.py: `'EUR'`",
    });
    expect(stderr).toMatch(
      /^Traceback \(most recent call last\):\n {2}File "\/repo\/model\.py", line 3, in <module>/,
    );
    expect(stderr).not.toContain('<string>');
  });

  it('a syntax error is told with its line', async () => {
    const { outcome } = await host.run({ entry: 'model.py', code: 'x = 1\ny = = 2\n' });
    expect(outcome.error).toMatchObject({ type: 'SyntaxError', path: 'model.py', line: 2 });
  });

  it('nothing of all that is left on the host', () => {
    expect(readdirSync(join(host.stateDir, 'sandboxes'))).toEqual([]);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(host.stateDir);
  });
});
