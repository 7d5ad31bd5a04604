import { globSync, writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type ExecutorProcess,
  makeStateDir,
  removeStateDir,
  startExecutorProcess,
} from '../support/executor-process.ts';
import { makeJob } from '../support/make-job.ts';
import { type PoolPeer, startPoolPeer } from '../support/pool-peer.ts';

const ENDLESS = 'print("running", flush=True)\nwhile True: pass\n';

describe('a serving executor', () => {
  let peer: PoolPeer;
  let stateDir: string;
  let executor: ExecutorProcess;
  beforeAll(async () => {
    peer = await startPoolPeer();
    stateDir = await makeStateDir();
    // Its first dial is signed for a wrong time: only the Date of the refusal tells it.
    peer.clockOffsetSeconds = 600;
    executor = await startExecutorProcess(peer, stateDir);
  });
  beforeEach(() => {
    peer.recordsOutcomes = true;
  });
  afterAll(async () => {
    executor.child.kill('SIGTERM');
    await executor.exited;
    await peer.stop();
    await removeStateDir(stateDir);
  });
  const job = (code: string) => makeJob({ code, image: executor.ready.image as `sha256:${string}` });
  const outcomeOf = async (sent: { readonly run: string }) =>
    (await peer.next('outcome', ({ run }) => run === sent.run)).outcome;
  const saidOf = (sent: { readonly run: string }) =>
    peer.received.flatMap((message) => ('run' in message && message.run === sent.run ? [message.type] : []));
  const started = (sent: { readonly run: string }) => peer.next('started', ({ run }) => run === sent.run);

  it('with a clock that is 10 minutes off learns the time of the pool and connects at once', () => {
    expect(peer.connections).toBe(1);
    expect(peer.requests.filter((each) => each === 'UPGRADE /executor/connect')).toHaveLength(2);
  });

  it('registers once, keeps its key to itself, and offers its engine, image and packages', async () => {
    const { offer } = await peer.next('hello');
    expect(offer).toMatchObject({ engine: 'gvisor', slots: 1, image: executor.ready.image });
    expect(offer.packages).toContainEqual({ name: 'pandas', version: expect.any(String) });
    expect((await stat(join(stateDir, 'executor.json'))).mode & 0o777).toBe(0o600);
    expect(peer.requests.filter((each) => each.includes('register'))).toHaveLength(1);
  });

  it('runs a job and tells how it ended', async () => {
    const sent = job('print("hello")');
    peer.send(sent);
    expect(await outcomeOf(sent)).toMatchObject({
      state: 'succeeded',
      stdout: { inline: 'hello\n' },
      sandbox: { engine: 'gvisor', image: executor.ready.image },
    });
  });

  it('runs a job once, however often it is sent', async () => {
    const sent = job('import time\ntime.sleep(0.3)\nprint(1)');
    for (let times = 0; times < 3; times++) peer.send(sent);
    await outcomeOf(sent);
    const after = job('print(2)');
    peer.send(after);
    await outcomeOf(after);
    expect(saidOf(sent)).toEqual(['started', 'outcome']);
    // It says so only of a run that lives longer than a moment, and since when.
    expect((await started(sent)).ago_ms).toBeGreaterThan(90);
  });

  it('ends a cancelled endless run as cancelled, with what it had printed', async () => {
    const sent = job(ENDLESS);
    peer.send(sent);
    await started(sent);
    await expect.poll(() => peer.feeds.get(sent.run)?.length ?? 0).toBeGreaterThan(0);
    peer.send({ type: 'cancel', run: sent.run, fence: sent.fence });
    expect(await outcomeOf(sent)).toMatchObject({
      state: 'cancelled',
      exit_code: null,
      limit: null,
      stdout: { inline: 'running\n' },
    });
  });

  it('ignores the cancellation of an older attempt', async () => {
    const sent = { ...job('import time\ntime.sleep(0.5)\nprint("whole")'), fence: 2 };
    peer.send(sent);
    await started(sent);
    peer.send({ type: 'cancel', run: sent.run, fence: 1 });
    expect(await outcomeOf(sent)).toMatchObject({ state: 'succeeded', stdout: { inline: 'whole\n' } });
  });

  it('gives up its attempt when the pool sends a newer one of the same run', async () => {
    const first = job(ENDLESS);
    peer.send(first);
    await started(first);
    const second = {
      ...makeJob({ code: 'print("second")', image: first.manifest.image, run: first.run }),
      fence: 2,
    };
    peer.send(second);
    const { fence, outcome } = await peer.next('outcome', ({ run }) => run === first.run);
    expect({ fence, stdout: outcome.stdout.inline }).toEqual({ fence: 2, stdout: 'second\n' });
  });

  it('reports a run that ended while the connection was cut, once it is back', async () => {
    const before = peer.connections;
    const waits = 'import os, time\nwhile not os.path.exists("/inputs/go"): time.sleep(0.02)\n';
    const image = executor.ready.image as `sha256:${string}`;
    const sent = makeJob({ code: `${waits}print("done")`, entry: 'waits.py', image });
    peer.send(sent);
    await started(sent);
    peer.goAway();
    const [entry = ''] = globSync('sandboxes/*/repo/waits.py', { cwd: stateDir });
    writeFileSync(join(stateDir, entry, '../../inputs/go'), '');
    const isOver = (line: string) => line.includes('run ended') && line.includes(sent.run);
    await expect.poll(() => executor.stderr().split('\n').filter(isOver)).toHaveLength(1);
    peer.returnToService();
    expect(await outcomeOf(sent)).toMatchObject({ state: 'succeeded', stdout: { inline: 'done\n' } });
    expect(peer.connections).toBe(before + 1);
  });

  it('holds, announces and sends again an outcome that was not recorded', async () => {
    peer.recordsOutcomes = false;
    const sent = job('print(1)');
    peer.send(sent);
    await outcomeOf(sent);
    peer.recordsOutcomes = true;
    const before = peer.received.length;
    peer.cut();
    const again = () => peer.received.slice(before).filter((message) => message.type === 'outcome');
    await expect.poll(again).toHaveLength(1);
    expect(peer.received.slice(before).find((message) => message.type === 'hello')).toMatchObject({
      holding: [{ run: sent.run, fence: 1 }],
    });
  });

  it('refuses a job for another image, and runs nothing of it', async () => {
    const sent = makeJob({ code: 'print(1)', image: `sha256:${'0'.repeat(64)}` });
    peer.send(sent);
    expect(await peer.next('refused', ({ run }) => run === sent.run)).toMatchObject({
      code: 'unknown_image',
      reason: 'the run is pinned to another image',
    });
  });

  it('refuses a job that is none of the protocol with what is wrong, and runs the next', async () => {
    const { manifest, ...sent } = job('print(1)');
    peer.send({ ...sent, manifest: { ...manifest, entry: 7 as unknown as string } });
    expect(await peer.next('refused', ({ run }) => run === sent.run)).toMatchObject({
      fence: 1,
      code: 'invalid_job',
      reason: expect.stringMatching(/^manifest\.entry: /),
    });
    const after = job('print(2)');
    peer.send(after);
    expect(await outcomeOf(after)).toMatchObject({ stdout: { inline: '2\n' } });
  });

  it('refuses a job whose input is not what its address names, and runs nothing of it', async () => {
    const grant = peer.grant(Buffer.from('a,b\n1,2\n'));
    peer.blobs.set(grant.sha256, Buffer.from('a,b\n1,3\n'));
    const sent = { ...job('print(1)'), blobs: [grant] };
    peer.send(sent);
    expect(await peer.next('refused', ({ run }) => run === sent.run)).toMatchObject({
      code: 'input_corrupt',
    });
    expect(saidOf(sent)).toEqual(['refused']);
  });

  it('logs no capability, no key and nothing that a run printed', () => {
    expect(executor.stderr()).not.toMatch(/capability|private_key|join-token-for|hello/);
  });
});
