import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BlobCache, openBlobCache } from '../../executor/blob-cache.ts';
import { type Config, readConfig } from '../../executor/config.ts';
import { blobFetcher } from '../../executor/fetch-blobs.ts';
import { holdState } from '../../executor/hold-state.ts';
import { memoryAccount } from '../../executor/memory-account.ts';
import { openEngine } from '../../executor/open-engine.ts';
import { releaseStack } from '../../executor/release-stack.ts';
import { type JobResult, type RunContext, runJob } from '../../executor/run-job.ts';
import type { Cgroups } from '../../executor/sandbox/cgroup.ts';
import type { Engine } from '../../executor/sandbox/engine.ts';
import { WARM_SPEC } from '../../executor/sandbox-plan.ts';
import { type WarmPool, warmPool } from '../../executor/warm-pool.ts';
import type { FeedEvent } from '../../protocol/feed.ts';
import type { Job } from '../../protocol/messages.ts';
import type { Outcome } from '../../protocol/outcome.ts';
import { type EngineName, engineArgs } from './engines.ts';
import { type JobParts, makeJob } from './make-job.ts';
import { type PoolPeer, startPoolPeer } from './pool-peer.ts';
import { imageArgs } from './signed-image.ts';

const GIB = 1024 ** 3;

/** The cache that `./causeway up` uses as well, so that one download serves both. */
export const CACHE_DIR =
  process.env.CAUSEWAY_TEST_CACHE ?? join(import.meta.dirname, '..', '..', '.causeway', 'cache');

/** A real engine with its pool, and a peer that keeps what runs leave. */
export interface SandboxHost {
  readonly engine: Engine;
  readonly pool: WarmPool;
  readonly peer: PoolPeer;
  readonly cache: BlobCache;
  readonly image: Job['manifest']['image'];
  readonly imageEnvironment: Readonly<Record<string, string>>;
  readonly stateDir: string;
  /** Runs a job to its end; the result, once nothing of the run is left. */
  run(parts: Omit<JobParts, 'image'>, signal?: AbortSignal): Promise<Finished>;
  stop(): Promise<void>;
}

export interface Finished {
  readonly outcome: Outcome;
  /** Bytes of an output, as they were stored. */
  output(name: string): Buffer;
  /** All kept bytes of stdout. */
  readonly stdout: string;
  readonly stderr: string;
  /** What was said of its output before it had a feed. */
  readonly printed: readonly FeedEvent[];
  readonly job: Job;
}

function configFor(stateDir: string, ...args: string[]): Config {
  return readConfig(['--url', 'http://127.0.0.1:1', '--state', stateDir, '--cache', CACHE_DIR, ...args]);
}

export interface HostOptions {
  /** gVisor without a daemon where absent. */
  readonly engine?: EngineName;
  /** Sandboxes kept warm; with 0 each run starts its own, which suits tests of what happens inside. */
  readonly warm: number;
  /** Instead of those of this host. */
  readonly cgroups?: Cgroups;
}

export async function startSandboxHost(options: HostOptions): Promise<SandboxHost> {
  const releases = releaseStack((error) => {
    throw error;
  });
  const stateDir = await mkdtemp(join(tmpdir(), 'causeway-sandbox-'));
  releases.push(() => rm(stateDir, { recursive: true, force: true }));
  const state = await holdState(stateDir);
  if (!state.ok) throw new Error(state.reason);
  releases.push(() => state.release());
  const args = [...engineArgs(options.engine ?? 'gvisor'), ...(await imageArgs(CACHE_DIR))];
  const config = configFor(stateDir, ...args);
  const opened = await openEngine({ config, state, log: () => undefined, cgroups: options.cgroups });
  if (!opened.ok) throw new Error(opened.reason);
  releases.push(() => opened.engine.close());
  const peer = await startPoolPeer();
  releases.push(() => peer.stop());
  const cache = await openBlobCache(join(state.dir, 'blobs'), GIB);
  const log = () => undefined;
  const pool = warmPool({ engine: opened.engine, size: options.warm, atOnce: 1, warm: WARM_SPEC, log });
  releases.push(() => pool.drain());
  pool.refill();
  const { image } = opened.offer;
  const context: RunContext = {
    baseUrl: peer.url,
    cache,
    fetcher: blobFetcher(peer.url, cache),
    pool,
    memory: memoryAccount(8 * GIB),
    disk: { why: () => null, look: async () => null },
    memoryBytesMax: 4 * GIB,
    sandbox: { engine: opened.engine.name, image },
    log,
  };
  return {
    engine: opened.engine,
    pool,
    peer,
    cache,
    image,
    imageEnvironment: opened.imageEnvironment,
    stateDir: state.dir,
    async run(parts, signal = new AbortController().signal) {
      const job = makeJob({ ...parts, image });
      let result: JobResult | null = null;
      const printed: FeedEvent[] = [];
      await runJob(job, context, {
        signal,
        abandoned: new AbortController().signal,
        started: () => undefined,
        printed: (first) => printed.push(first),
        report: (given) => {
          result = given;
        },
      });
      return { ...finished(result, job, peer), printed };
    },
    stop: () => releases.releaseAll(),
  };
}

function finished(result: JobResult | null, job: Job, peer: PoolPeer): Omit<Finished, 'printed'> {
  if (result?.kind !== 'outcome') throw new Error(`the run had no outcome: ${JSON.stringify(result)}`);
  const { outcome } = result;
  const text = (stream: Outcome['stdout']) =>
    stream.sha256 === null ? stream.inline : (peer.blobs.get(stream.sha256)?.toString() ?? '');
  return {
    outcome,
    job,
    stdout: text(outcome.stdout),
    stderr: text(outcome.stderr),
    output(name) {
      const sha256 = outcome.outputs.find((each) => each.name === name)?.sha256;
      const bytes = sha256 === undefined ? undefined : peer.blobs.get(sha256);
      if (bytes === undefined) throw new Error(`${name} is no output of the run`);
      return bytes;
    },
  };
}
