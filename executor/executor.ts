import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { RefusedImageRequest } from '../protocol/image-refusal.ts';
import { limit } from '../protocol/limits.ts';
import type { Offer } from '../protocol/messages.ts';
import { openBlobCache } from './blob-cache.ts';
import { type Config, ownVersion } from './config.ts';
import { dialTo } from './connection.ts';
import { openControl } from './control.ts';
import { type DiskGuard, guardDisk } from './disk-guard.ts';
import { blobFetcher } from './fetch-blobs.ts';
import { holdState } from './hold-state.ts';
import { findIdentity, identityFileOf } from './identity.ts';
import { judgeImageKeys, judgeStart, lookAtStart } from './judge-start.ts';
import type { Log } from './log.ts';
import { memoryAccount } from './memory-account.ts';
import { type EngineOpened, openEngine, refuseHost } from './open-engine.ts';
import { ownKey } from './own-key.ts';
import { describeFailure, probe } from './probe.ts';
import type { ReleaseStack } from './release-stack.ts';
import { type KeyStanding, renewKey } from './renew-key.ts';
import { reportImage } from './report-image.ts';
import { type RunContext, runJob } from './run-job.ts';
import { WARM_SPEC } from './sandbox-plan.ts';
import { serveRuns } from './serve-runs.ts';
import { sizeHost } from './size-host.ts';
import { standingText } from './standing.ts';
import { sweepAfterDeath } from './sweep-after-death.ts';
import { sweepHeld } from './sweep-host.ts';
import { tellServiceManager } from './tell-service-manager.ts';
import { warmPool } from './warm-pool.ts';
import { watchImage } from './watch-image.ts';

export type ExecutorStarted =
  | {
      readonly ok: true;
      readonly executor: string;
      readonly offer: Offer;
      /** Takes no further runs; resolves when it holds none. */
      readonly drain: () => Promise<void>;
      /** Resolves with the reason where it may serve no longer. */
      readonly broken: Promise<string>;
    }
  | { readonly ok: false; readonly reason: string };

/**
 * Everything of one executor, in the order in which it is acquired; each acquisition puts its release on `releases`, also
 * when the start fails half way. Resolves when the pool has welcomed it.
 */
export async function startExecutor(
  given: Config,
  releases: ReleaseStack,
  log: Log,
  /** Called when somebody on this host wants it to finish its runs and end. */
  onDrainWish: () => void = () => {},
): Promise<ExecutorStarted> {
  // First: what an ordinary user cannot read would be told as missing.
  const refused = await refuseHost();
  if (refused !== null) return { ok: false, reason: refused };
  const faults = judgeStart(await lookAtStart(given));
  const { url, imageKeys } = given;
  if (faults.length > 0 || url === null)
    return { ok: false, reason: [...faults, ...(await judgeImageKeys(imageKeys))].join('\n') };
  const config: ServeConfig = { ...given, url };
  const proven = await proveHost(config, releases, log);
  if (!proven.ok) {
    if (proven.image !== undefined) await tellOfImage(config, proven.image, log);
    return { ok: false, reason: proven.reason };
  }
  const { opened, stateDir } = proven;
  const keyFile = identityFileOf(stateDir);
  const found = await findOwnIdentity(config, keyFile);
  if (!found.ok) return found;
  const identity = ownKey(keyFile, found.stored);

  const host = await prepareRuns(config, proven, releases, log, (why) => serving.pause(why));
  const broken = watchForChange(config, opened, releases, log);
  const welcomed = Promise.withResolvers<void>();
  const tell = tellServiceManager(process.env.NOTIFY_SOCKET, log);
  let key: KeyStanding = { key_days: null, key_trouble: null };
  const tellStanding = (): void => tell(standingText({ ...serving.live(), ...key }));
  const serving = serveRuns({
    dial: dialTo(`${config.url.replace(/^http/, 'ws')}/executor/connect`),
    identity,
    offer: host.offer,
    version: ownVersion(),
    perform: (job, control) => runJob(job, host.context, control),
    onWelcome: () => welcomed.resolve(),
    onStanding: tellStanding,
    log,
  });
  releases.push(() => serving.stop());
  const { engine, engine_version, image, slots } = host.offer;
  const { executor, pool } = identity;
  const fixed = { pid: process.pid, version: ownVersion(), url: config.url, executor, pool };
  const control = {
    status: () => ({ ...fixed, ...serving.live(), ...key, slots, engine, engine_version, image }),
    drain: onDrainWish,
  };
  releases.push(await openControl(stateDir, control));
  await host.context.disk.look();
  await welcomed.promise;
  const { url: baseUrl, keyDaysMax: daysMax } = config;
  const onStanding = (standing: KeyStanding): void => {
    key = standing;
    tellStanding();
  };
  releases.push(renewKey({ file: keyFile, baseUrl, daysMax, onStanding, log }));
  return { ok: true, executor, offer: host.offer, drain: () => serving.drain(), broken };
}

type ServeConfig = Config & { readonly url: string };
type Opened = Extract<EngineOpened, { ok: true }>;
type HostProven =
  | { readonly ok: true; readonly opened: Opened; readonly stateDir: string }
  | Extract<EngineOpened, { ok: false }>;

/** Takes the state folder, clears what a predecessor left in it, and plays the probe. */
async function proveHost(config: Config, releases: ReleaseStack, log: Log): Promise<HostProven> {
  const state = await holdState(config.stateDir);
  if (!state.ok) return state;
  releases.push(() => state.release());
  // Before the engine is opened, so that also a host that refuses to serve is rid of it. Where Docker is away, opening it says so.
  const swept = await sweepHeld(config, state);
  if (swept.ok && swept.sandboxes > 0)
    log('warn', 'swept what a predecessor left', { sandboxes: swept.sandboxes });
  const opened = await openEngine({ config, state, log });
  if (!opened.ok) return opened;
  releases.push(sweepAfterDeath(config, state.dir, opened.engine.name));
  releases.push(() => opened.engine.close());
  const report = await probe(opened.engine, opened.imageEnvironment);
  if (!report.ok) return { ok: false, reason: describeFailure(report) };
  log('info', 'isolation proven', { checks: report.checks.length, took_ms: report.tookMs });
  return { ok: true, opened, stateDir: state.dir };
}

function tellOfImage(config: ServeConfig, image: RefusedImageRequest, log: Log): Promise<void> {
  return reportImage(identityFileOf(config.stateDir), config.url, image, log);
}

/** The identity in the key file, or a new one for the join token. */
function findOwnIdentity({ url, name, joinTokenFile }: ServeConfig, keyFile: string) {
  return findIdentity({
    file: keyFile,
    baseUrl: url,
    name,
    joinToken: async () => (joinTokenFile === null ? null : (await readFile(joinTokenFile, 'utf8')).trim()),
  });
}

/** What runs need of this host: warm sandboxes, cached inputs, shared memory and a disk with room. */
async function prepareRuns(
  config: ServeConfig,
  { opened, stateDir }: { readonly opened: Opened; readonly stateDir: string },
  releases: ReleaseStack,
  log: Log,
  /** Told when the disk is full (why), or no longer (null). */
  onDisk: (why: string | null) => void,
): Promise<{ readonly context: RunContext & { readonly disk: DiskGuard }; readonly offer: Offer }> {
  const { url: baseUrl, memoryBytes, keepFreeBytes } = config;
  const cores = availableParallelism();
  const { slots, warm } = sizeHost({ slotsAsked: config.slots, memoryBytes, cores });
  const pool = warmPool({ engine: opened.engine, size: warm, atOnce: cores, warm: WARM_SPEC, log });
  releases.push(() => pool.drain());
  pool.refill();
  const cache = await openBlobCache(join(stateDir, 'blobs'), config.blobCacheBytesMax);
  const offer: Offer = { ...opened.offer, slots, labels: config.labels };
  const disk = guardDisk({
    dir: stateDir,
    keepFreeBytes,
    makeRoom: (bytes) => cache.giveUp(bytes),
    onChange(why) {
      if (why === null) log('info', 'takes runs again');
      else log('error', 'takes no runs', { why });
      onDisk(why);
    },
  });
  releases.push(() => disk.stop());
  const context = {
    baseUrl,
    cache,
    fetcher: blobFetcher(baseUrl, cache),
    pool,
    memory: memoryAccount(memoryBytes),
    disk,
    memoryBytesMax: Math.min(limit('run_memory_bytes_max'), memoryBytes),
    sandbox: { engine: offer.engine, image: offer.image },
    log,
  };
  return { context, offer };
}

/** Resolves with the reason when the image on this host is no longer the one that was proven; the deployment is told. */
function watchForChange(
  config: ServeConfig,
  { image }: Opened,
  releases: ReleaseStack,
  log: Log,
): Promise<string> {
  const broken = Promise.withResolvers<string>();
  let told = Promise.resolve();
  releases.push(() => told);
  const onChanged = (reason: string): void => {
    told = tellOfImage(config, { code: 'image_changed', image: image.digest }, log);
    broken.resolve(reason);
  };
  releases.push(watchImage(image, config.imageCheckMs, onChanged));
  return broken.promise;
}
