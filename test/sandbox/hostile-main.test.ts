import { readdirSync, readFileSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WARM_SPEC } from '../../executor/sandbox-plan.ts';
import { newId } from '../../protocol/ids.ts';
import { attack, gotThrough } from '../support/attack-files.ts';
import { type SandboxHost, startSandboxHost } from '../support/sandbox-host.ts';

describe("what Mallory's program says of itself does not decide", () => {
  let host: SandboxHost;
  beforeAll(async () => {
    host = await startSandboxHost({ warm: 0 });
  });
  afterAll(() => host.stop());

  it('closing every descriptor loses only its own words', async () => {
    const { outcome, stdout } = await host.run(attack('closes_everything'));
    expect(outcome).toMatchObject({ state: 'succeeded', exit_code: 0 });
    expect(stdout).toBe('last words\n');
  });

  it("printing the executor's messages does not change its outcome", async () => {
    const { outcome, stdout } = await host.run(attack('fake_messages'));
    expect(outcome).toMatchObject({ state: 'failed', exit_code: 7 });
    expect(stdout).toContain('"state": "succeeded"');
  });

  it('reporting an exit ends the run there and then, as exiting does', async () => {
    const { outcome, stdout } = await host.run(attack('fake_exit_report'));
    expect(outcome).toMatchObject({ state: 'succeeded', exit_code: 0 });
    expect(stdout).toBe('');
  });

  it('garbage on the pipes of the harness is dropped', async () => {
    const { outcome } = await host.run(attack('report_garbage'));
    expect(outcome).toMatchObject({ state: 'failed', exit_code: 3 });
  });

  it('os._exit, signals and an exit text are told as they are', async () => {
    const exits = [
      ['import os; os._exit(9)', { state: 'failed', exit_code: 9 }],
      ['import os; os.kill(os.getpid(), 11)', { state: 'failed', exit_code: 139 }],
      ['raise SystemExit("no data")', { state: 'failed', exit_code: 1 }],
      ['raise SystemExit', { state: 'succeeded', exit_code: 0 }],
    ] as const;
    for (const [code, expected] of exits) expect((await host.run({ code })).outcome).toMatchObject(expected);
  });

  it('a process that was forked twice is gone when the run has ended, and writes nothing more', async () => {
    const finished = await host.run(attack('double_fork'));
    expect(finished.stdout).toBe('the first process ends\n');
    expect(finished.output('alive.txt').toString()).toMatch(/^(still here\n)+$/);
    expect(readdirSync(join(host.stateDir, 'sandboxes'))).toEqual([]);
  });

  it('nothing of a run moves between its end and its removal, while its outputs are read', async () => {
    const started = await host.engine.start({ ...WARM_SPEC, imports: [], priority: 'run' }).started;
    if (!started.ok) throw new Error(started.reason);
    const { sandbox } = started;
    await writeFile(join(sandbox.folders.repo, 'main.py'), attack('double_fork').code);
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

  it('two runs in a row share nothing', async () => {
    const tenant = newId('tenant');
    const alice = await host.run({ ...attack('leave_traces'), tenant });
    expect(alice.stdout).toBe('left\n');
    const mallory = await host.run({ ...attack('find_traces'), tenant });
    expect(mallory.outcome.state).toBe('succeeded');
    expect(mallory.stdout).not.toContain('alice');
    expect(mallory.stdout).toContain("['1']");
  });

  it('two runs at the same time cannot reach each other', async () => {
    const cancel = new AbortController();
    const alice = host.run(attack('hold_open'), cancel.signal);
    const mallory = await host.run(attack('reach_neighbour'));
    cancel.abort('cancel');
    expect(gotThrough(mallory.stdout)).toEqual([]);
    expect((await alice).outcome.state).toBe('cancelled');
  });

  it('nothing of all that is left on the host', () => {
    expect(readdirSync(join(host.stateDir, 'sandboxes'))).toEqual([]);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(host.stateDir);
  });
});
