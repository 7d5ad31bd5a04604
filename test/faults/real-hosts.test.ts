import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type PostgresHandle, startPostgres } from '../../cli/database/start-postgres.ts';
import { limit } from '../../protocol/limits.ts';
import { crashWorker, type RevivedWorker } from '../support/crash-worker.ts';
import { operatorOf, PLATFORM_POOL } from '../support/fleet.ts';
import { judgeRuns } from '../support/judge-runs.ts';
import { type Modeller, settleModeller } from '../support/model-project.ts';
import { queryAs } from '../support/query-as.ts';
import { type RealHost, startRealHost } from '../support/real-host.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

/**
 * Two real executors, each with a disk, a clock and a network of its own, at a real Worker and a real Postgres. A run stands
 * at each step that a host's surroundings can disturb (it fetches, it runs, it uploads), and then something fails.
 */
const MODEL = `import json, pathlib, time
wish = json.load(open('/inputs/parameters.json'))
print('begun', flush=True)
time.sleep(wish['n'] % 10)
pathlib.Path('/outputs/of.bin').write_bytes(str(wish['n']).encode() * 20_000)
print('done')
`;
const RUN_SECONDS = 2;
const SILENT = 'its executor fell silent';

let stack: TestStack;
let stop: () => Promise<void>;
let worker: RevivedWorker | undefined;
let postgres: PostgresHandle | undefined;
let ann: Modeller;
let frail: RealHost;
let other: RealHost;
let operator: ReturnType<typeof operatorOf>;

beforeAll(async () => {
  ({ stack, stop } = await startTestStack({ slots: 0 }));
  operator = operatorOf(stack);
  [frail, other, ann] = await Promise.all([
    startRealHost(stack, 'frail', 4),
    startRealHost(stack, 'other', 4),
    settleModeller(stack, 'Ann', MODEL),
  ]);
});
afterAll(async () => {
  await Promise.all([frail, other].map((host) => host?.stop()));
  await worker?.stop();
  await postgres?.stop();
  await stop();
});
/** What happens happens at `frail`; `other` is let in when a test says so. */
beforeEach(() => operator.cordon(other.executor, true));
/** Whatever came of a test, the next one finds the host sound. */
afterEach(async () => {
  frail.network.heal();
  frail.network.release();
  await frail.emptyDisk();
  await frail.setClock(0);
  await operator.cordon(frail.executor, false);
  await expect.poll(() => host(frail)).toMatchObject({ draining: false, held: 0 });
});

let unique = 0;
/** A run whose number says how long it takes, and whose output is its own. */
const start = (seconds = 0) => ann.startModel(++unique * 10 + seconds);

/** Commits a file that no host has, so that whoever runs the model has to fetch it: more than a full disk can make room for. */
async function commitSomething(): Promise<void> {
  const content = `# ${++unique} `.padEnd(limit('file_bytes') - 1, '.');
  const files = [{ path: 'something.py', content }];
  const written = await ann.call('write_files', { project: ann.project, files, message: 'Change something' });
  expect(written.error).toBeNull();
}

const asked = (method: 'GET' | 'PUT') => (what: string) => what.startsWith(`${method} /executor/blobs/`);
const countOf = (method: 'GET' | 'PUT') => frail.network.requests.filter(asked(method)).length;

interface Steps {
  readonly runs: string;
  readonly uploads: string;
  readonly fetches: string;
}

/** One run at each step on `frail`, whose blobs are held on their way until its network is released. */
async function bringToSteps(): Promise<Steps> {
  // What was committed in a test before may have gone to another host.
  expect((await ann.getRun(await start(), 45)).state).toBe('succeeded');
  frail.network.judge((what) => (asked('PUT')(what) || asked('GET')(what) ? 'hold' : 'pass'));
  const [puts, gets] = [countOf('PUT'), countOf('GET')];
  const uploads = await start();
  await expect.poll(() => countOf('PUT')).toBeGreaterThan(puts);
  const runs = await start(RUN_SECONDS);
  await expect.poll(async () => (await ann.getRun(runs)).state).toBe('running');
  await commitSomething();
  const fetches = await start();
  await expect.poll(() => countOf('GET')).toBeGreaterThan(gets);
  return { runs, uploads, fetches };
}

/** Who did each run, and why each attempt before that was over. */
async function ends(runs: readonly string[]) {
  const ended = [];
  for (const run of runs) {
    await expect.poll(async () => (await ann.getRun(run, 20)).state).toBe('succeeded');
    const [row = {}] = await queryAs(
      stack.superuserUrl,
      `select execution ->> 'executor' as executor,
              array(select details ->> 'reason' from app.audit_events
                     where action = 'run.retry' and target_id = run_id order by position) as lost
         from app.runs where run_id = $1`,
      [run],
    );
    ended.push([row.executor === frail.executor ? 'frail' : 'other', ...(row.lost as string[])]);
  }
  await judgeRuns(stack, runs);
  return ended;
}

const host = async ({ executor }: RealHost) =>
  (await operator.look(PLATFORM_POOL)).executors.find((each) => each.executor === executor);

describe('a host whose disk is full', () => {
  test('ends what needs no space, gives back what does, takes nothing more and says why, until there is room', async () => {
    const { runs, uploads, fetches } = await bringToSteps();
    await frail.fillDisk();
    frail.network.release();
    await expect.poll(() => host(frail)).toMatchObject({ draining: true });
    expect((await host(frail))?.says).toMatch(/^the disk of its state has \d+ MiB free, less than 64$/);
    const waits = await start();
    expect((await ann.getRun(waits)).message).toContain('take no new runs at the moment');
    await operator.cordon(other.executor, false);
    expect(await ends([runs, uploads, fetches, waits])).toEqual([
      ['frail'],
      ['frail'],
      ['other', expect.stringMatching(/refused it: no_space, the disk of its state/)],
      ['other'],
    ]);
    await operator.cordon(other.executor, true);
    const later = await start();
    await frail.emptyDisk();
    expect(await ends([later])).toEqual([['frail']]);
    expect(await host(frail)).toMatchObject({ draining: false });
  });
});

describe('a host whose network breaks', () => {
  test('by resets of all connections, at any step, goes on with what it has', async () => {
    const { runs, uploads, fetches } = await bringToSteps();
    frail.network.reset();
    frail.network.release();
    expect(await ends([runs, uploads, fetches])).toEqual([['frail'], ['frail'], ['frail']]);
  });

  test('by silence that lasts no longer than a lease, goes on with what it has', async () => {
    const { runs, uploads, fetches } = await bringToSteps();
    const lost = () => frail.process.stderr().split('the connection to the pool ended').length;
    const before = lost();
    frail.network.swallow();
    await expect.poll(lost).toBe(before + 1);
    frail.network.heal();
    frail.network.release();
    expect(await ends([runs, uploads, fetches])).toEqual([['frail'], ['frail'], ['frail']]);
  });

  test('by silence that outlasts its leases, loses its runs to another and serves again when it is heard', async () => {
    const { runs, uploads, fetches } = await bringToSteps();
    frail.network.swallow();
    await operator.cordon(other.executor, false);
    expect(await ends([runs, uploads, fetches])).toEqual([
      ['other', SILENT],
      ['other', SILENT],
      ['other', SILENT],
    ]);
    await operator.cordon(other.executor, true);
    const later = await start();
    frail.network.heal();
    frail.network.release();
    expect(await ends([later])).toEqual([['frail']]);
  });
});

describe('a host whose clock is ten minutes', () => {
  test.each([
    ['fast', 600_000],
    ['slow', -600_000],
  ])('%s keeps its leases, connects again, and no time of its own is recorded', async (_, offsetMs) => {
    const { runs, uploads, fetches } = await bringToSteps();
    await frail.setClock(offsetMs);
    frail.network.reset();
    frail.network.release();
    const all = [runs, uploads, fetches, await start(RUN_SECONDS)];
    expect(await ends(all)).toEqual(all.map(() => ['frail']));
    const times = await queryAs(
      stack.superuserUrl,
      `select run_id from app.runs where run_id = any($1)
          and not (extract(epoch from created_at) * 1000 - 1000 <= (execution ->> 'leased_at')::numeric
               and (execution ->> 'leased_at')::numeric <= (execution ->> 'started_at')::numeric
               and (execution ->> 'started_at')::numeric <= extract(epoch from finished_at) * 1000 + 1
               and finished_at <= now())`,
      [all],
    );
    expect(times).toEqual([]);
    await frail.setClock(0);
  });
});

describe('a store that fails', () => {
  /** Each request of a kind meets these fates in turn, then passes. */
  const meet = (method: 'GET' | 'PUT', fates: ('fail' | 'cut')[]) =>
    frail.network.judge((what) => (asked(method)(what) && fates.shift()) || 'pass');

  test.each<['GET' | 'PUT', ('fail' | 'cut')[]]>([
    ['GET', ['fail', 'fail']],
    ['GET', ['cut', 'cut']],
    ['PUT', ['fail', 'fail', 'fail']],
    ['PUT', ['cut', 'cut']],
  ])('for a while is asked again: %s %j', async (method, fates) => {
    await commitSomething();
    meet(method, fates);
    expect(await ends([await start()])).toEqual([['frail']]);
    expect(fates).toEqual([]);
  });

  test('for one host alone costs an attempt there', async () => {
    frail.network.judge((what) => (asked('PUT')(what) || asked('GET')(what) ? 'fail' : 'pass'));
    const gets = countOf('GET');
    const uploads = await start();
    await expect.poll(async () => (await ann.getRun(uploads)).state).toBe('running');
    await commitSomething();
    const fetches = await start();
    await expect.poll(() => countOf('GET')).toBeGreaterThan(gets);
    // The retry finds another, since the first takes nothing new.
    await operator.cordon(frail.executor, true);
    await operator.cordon(other.executor, false);
    expect(await ends([uploads, fetches])).toEqual([
      ['other', expect.stringContaining('refused it: output_not_stored')],
      ['other', expect.stringContaining('refused it: input_unavailable')],
    ]);
    await operator.cordon(frail.executor, false);
  });
});

describe('when a part is killed under real hosts', () => {
  test('the Worker: runs at any step go on where they are', async () => {
    const { runs, uploads, fetches } = await bringToSteps();
    worker = await crashWorker(stack, undefined, worker?.pid);
    await expect.poll(() => host(frail)).toMatchObject({ held: 3 });
    frail.network.release();
    expect(await ends([runs, uploads, fetches])).toEqual([['frail'], ['frail'], ['frail']]);
  });

  test('Postgres: runs at any step go on where they are', async () => {
    const { runs, uploads, fetches } = await bringToSteps();
    const port = Number(new URL(stack.superuserUrl).port);
    process.kill(postgres?.pid ?? stack.pids.postgres ?? Number.NaN, 'SIGKILL');
    frail.network.release();
    postgres = await startPostgres({ stateFolder: join(stack.stateDir, 'postgres'), port, fsync: false });
    expect(await ends([runs, uploads, fetches])).toEqual([['frail'], ['frail'], ['frail']]);
  });
});
