import { globSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Job } from '../../protocol/messages.ts';
import { containersOf, ENGINES, type EngineName, engineArgs } from '../support/engines.ts';
import {
  type ExecutorProcess,
  makeStateDir,
  remains,
  removeStateDir,
  startExecutorProcess,
} from '../support/executor-process.ts';
import { type JobParts, makeJob } from '../support/make-job.ts';
import { type PoolPeer, startPoolPeer } from '../support/pool-peer.ts';

/** Room for a run at each step, and for one sandbox that waits. */
const SIZE = ['--slots', '5', '--memory-mb', '2700'];

/** What the run that is being prepared when SIGKILL comes has just got. */
const MOMENTS = ['a sandbox of its own that starts', 'its files', 'its outcome reported'] as const;
type Moment = (typeof MOMENTS)[number];

/** Each strike costs a start, so the engines share the moments that are alike. */
const STRIKES: Readonly<Record<EngineName, readonly Moment[]>> = {
  gvisor: MOMENTS,
  'docker-runsc': [MOMENTS[0]],
  'docker-runc': [MOMENTS[0], MOMENTS[2]],
};

async function startHost(engine: EngineName) {
  const peer = await startPoolPeer();
  const stateDir = await makeStateDir();
  let executor: ExecutorProcess | null = null;
  onTestFinished(async () => {
    executor?.child.kill('SIGTERM');
    await executor?.exited;
    await peer.stop();
    await removeStateDir(stateDir);
  });
  const start = async () => {
    executor = await startExecutorProcess(peer, stateDir, ...engineArgs(engine), ...SIZE);
    return executor;
  };
  return { peer, stateDir, start };
}

const of = (run: string) => (message: { readonly run: string }) => message.run === run;

/** Brings a run to each step at which it can be held: it fetches, it runs, it is dead and its output is on its way. */
async function standAtEachStep(peer: PoolPeer, job: (parts: Omit<JobParts, 'image'>) => Job): Promise<Job[]> {
  const grant = peer.grant(Buffer.from('a,b\n1,2\n'));
  peer.unanswered.add(`GET ${grant.sha256}`).add('PUT');
  const fetching = job({ code: 'print(1)', blobs: [grant] });
  const running = job({ code: 'while True: pass' });
  const uploading = job({ code: 'open("/outputs/a.txt", "w").write("a")' });
  const before = peer.requests.length;
  for (const each of [fetching, running, uploading]) peer.send(each);
  await peer.next('started', of(running.run));
  const asked = () => peer.requests.slice(before).map((request) => request.split(' ')[0]);
  await expect.poll(asked).toEqual(expect.arrayContaining(['GET', 'PUT']));
  return [fetching, running, uploading];
}

/** Sends one more run, waits for its moment as closely as it can be seen, and kills. */
async function strike(
  moment: Moment,
  { child, exited }: ExecutorProcess,
  peer: PoolPeer,
  stateDir: string,
  job: (parts: Omit<JobParts, 'image'>) => Job,
): Promise<Job> {
  const folders = () => globSync('sandboxes/*/', { cwd: stateDir });
  const before = folders();
  const isCold = moment === 'a sandbox of its own that starts';
  // One that would end by itself might, before SIGKILL comes.
  const code = moment === 'its outcome reported' ? 'print(1)' : 'while True: pass';
  const last = job({ code, entry: 'last.py', seeds: isCold ? { pythonhashseed: 1 } : {} });
  peer.send(last);
  if (moment === 'its outcome reported') await peer.next('outcome', of(last.run));
  if (isCold) while (folders().every((folder) => before.includes(folder))) await turn();
  if (moment === 'its files')
    while (globSync(join('sandboxes', '*', 'repo', 'last.py'), { cwd: stateDir }).length === 0) await turn();
  child.kill('SIGKILL');
  await exited;
  return last;
}

describe.each(ENGINES.flatMap((engine) => STRIKES[engine].map((moment) => ({ engine, moment }))))(
  'an executor under $engine, while a run gets $moment,',
  ({ engine, moment }) => {
    test('killed with runs at every step, leaves nothing; tried again, each has one outcome', async () => {
      const { peer, stateDir, start } = await startHost(engine);
      const executor = await start();
      const image = executor.ready.image as Job['manifest']['image'];
      const job = (parts: Omit<JobParts, 'image'>) => makeJob({ ...parts, image });
      const standing = await standAtEachStep(peer, job);
      const last = await strike(moment, executor, peer, stateDir, job);
      peer.unanswered.clear();

      await expect.poll(() => remains(stateDir)).toEqual([]);
      await expect.poll(() => containersOf(stateDir)).toEqual([]);

      const again = await start();
      expect(again.stderr()).not.toContain('swept what a predecessor left');
      const lost = moment === 'its outcome reported' ? standing : [...standing, last];
      for (const { run } of lost) peer.send({ ...job({ code: 'print("again")', run }), fence: 2 });
      for (const { run } of lost) {
        const { fence, outcome } = await peer.next('outcome', of(run));
        expect({ fence, said: outcome.stdout.inline }).toEqual({ fence: 2, said: 'again\n' });
      }
      const outcomes = peer.received.flatMap((each) => (each.type === 'outcome' ? [each.run] : []));
      expect(outcomes.sort()).toEqual([...standing, last].map(({ run }) => run).sort());
    });
  },
);

test('an executor that is told to end does not wait for transfers that hang', async () => {
  const { peer, stateDir, start } = await startHost('gvisor');
  const { child, exited, ready } = await start();
  await standAtEachStep(peer, (parts) =>
    makeJob({ ...parts, image: ready.image as Job['manifest']['image'] }),
  );
  child.kill('SIGTERM');
  expect(await exited).toEqual({ code: 0, signal: null });
  expect(await remains(stateDir)).toEqual([]);
});
