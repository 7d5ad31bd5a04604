import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { proveImage, signatureFileOf } from '../../infra/image-signature/prove-image.ts';
import { ensureImage } from '../../infra/sandbox-image/ensure-image.ts';
import { ensureRunsc } from '../../infra/sandbox-image/ensure-runsc.ts';
import type { OnProgress } from '../../infra/sandbox-image/progress.ts';
import type { EngineName } from '../choose-engine.ts';
import { type Config, readConfig } from '../config.ts';
import { askDaemon, type DaemonStatus } from '../control.ts';
import { findIdentity, identityFileOf } from '../identity.ts';
import { releaseStack } from '../release-stack.ts';
import { chosenOf, type EngineTested, selfTest, selfTestText } from '../self-test.ts';
import { type Settings, settingsToArgv } from '../settings-file.ts';
import { standingText } from '../standing.ts';
import { exists } from './exists.ts';
import { HostProblem } from './host-problem.ts';
import { copyProgram, isInstalled, OWN_ROOT, switchTo, unpackBundledCache } from './install-program.ts';
import { type HostFacts, type JoinWish, packagesFor } from './judge-host.ts';
import { BUNDLED_SIGNATURE, type Layout, UNIT } from './layout.ts';
import { runTool } from './run-tool.ts';
import { unitText } from './unit.ts';

const APT_TIMEOUT_MS = 10 * 60_000;
const CONNECTED_TIMEOUT_MS = 60_000;
const LOOK_MS = 500;

export interface JoinWork {
  readonly layout: Layout;
  readonly wish: JoinWish;
  readonly facts: HostFacts;
  /** Options of the daemon as the person gave them, without state and cache. */
  readonly settings: Settings;
  readonly joinToken: string | null;
  /** Of the sandbox image, where one was given. */
  readonly signatureFile: string | null;
  /** Of the program that is installed. */
  readonly version: string;
  /** Begins a step that may take long. */
  readonly say: (step: string) => void;
  readonly onProgress: OnProgress;
}

export interface Joined {
  readonly executor: string;
  readonly pool: string;
  readonly engine: EngineName;
  /** Null where it was not to be started. */
  readonly status: DaemonStatus | null;
}

/**
 * Makes an executor of this host. Each step leaves its result whole or not at all and is skipped where it is there, so that
 * a join that was killed is taken up again by the same command, with the same token. The token is spent after all else
 * has been proven.
 */
export async function performJoin(work: JoinWork): Promise<Joined> {
  await installPackages(work);
  await installProgram(work);
  await provide(work);
  await keepSignature(work);
  const config = readConfig(settingsToArgv(await ownSettings(work)));
  await proveSignature(work, config);
  const engine = await proveIsolation(work, config);
  await writeSettings(work, engine);
  const { executor, pool } = await register(work, config);
  if (!work.wish.start) return { executor, pool, engine, status: null };
  await installUnit(work, engine);
  return { executor, pool, engine, status: await startAndWait(work) };
}

async function installPackages({ facts, wish, say }: JoinWork): Promise<void> {
  const packages = packagesFor(facts, wish);
  if (packages.length === 0) return;
  say(`installing ${packages.join(', ')} with apt`);
  await runTool('apt-get', ['-q', 'update'], APT_TIMEOUT_MS);
  await runTool('apt-get', ['-q', '-y', '--no-install-recommends', 'install', ...packages], APT_TIMEOUT_MS);
}

async function installProgram({ layout, version, say }: JoinWork): Promise<void> {
  if (!(await isInstalled(layout, version))) {
    say(`copying the program to ${layout.programsDir}`);
    await copyProgram(join(layout.programsDir, version));
  }
  await switchTo(layout, version);
  await mkdir(layout.stateDir, { recursive: true, mode: 0o700 });
  await chmod(layout.stateDir, 0o700);
  await mkdir(layout.cacheDir, { recursive: true, mode: 0o755 });
}

async function provide({ layout, say, onProgress }: JoinWork): Promise<void> {
  await unpackBundledCache(layout, say);
  const options = { stateDir: layout.cacheDir, onProgress };
  await ensureRunsc(options);
  await ensureImage(options);
}

/** The settings with what this host adds to them. */
async function ownSettings({ layout, settings }: JoinWork): Promise<Settings> {
  const signed = (await exists(layout.signatureFile)) ? { 'image-signature': layout.signatureFile } : {};
  return { ...settings, ...signed, state: layout.stateDir, cache: layout.cacheDir };
}

/** The signature that was given, or came with the bundle, is kept; the daemon proves it at each start. */
async function keepSignature({ layout, signatureFile }: JoinWork): Promise<void> {
  const bundled = join(OWN_ROOT, BUNDLED_SIGNATURE);
  const from = signatureFile ?? ((await exists(bundled)) ? bundled : null);
  if (from === null) return;
  const text = await readFile(from, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new HostProblem({
      what: 'The signature of the sandbox image cannot be read.',
      why: `${from}: ${error.code}`,
      remedy: 'name the file that ./causeway image sign wrote',
    });
  });
  await replaceFile(layout.signatureFile, text);
}

async function proveSignature({ layout, say }: JoinWork, config: Config): Promise<void> {
  say('proving the signature of the sandbox image');
  const image = await ensureImage({ stateDir: layout.cacheDir });
  const signatureFile = config.imageSignature ?? signatureFileOf(layout.cacheDir, image.digest);
  const proven = await proveImage(image, { keys: config.imageKeys, signatureFile }, () =>
    say('reading all files of the sandbox image, once'),
  );
  if (proven.ok) return;
  throw new HostProblem({
    what: `The sandbox image is not proven (${proven.code}), so this host is not registered.`,
    why: proven.says,
    remedy: proven.remedy,
  });
}

/** Beside a daemon that serves already, in a folder of its own. */
async function proveIsolation({ layout, say }: JoinWork, config: Config): Promise<EngineName> {
  say('proving that this host isolates runs');
  const tested = await selfTestBeside(layout, config);
  const chosen = chosenOf(tested);
  if (chosen?.report?.ok !== true)
    throw new HostProblem({
      what: 'This host does not isolate runs, so it is not registered.',
      why: selfTestText(tested),
      remedy: 'mend what failed and join again; the token is still good within its hour',
    });
  return chosen.engine;
}

/** Plays the probe under each engine without getting into the way of the daemon. */
export async function selfTestBeside(layout: Layout, config: Config): Promise<readonly EngineTested[]> {
  const failures: unknown[] = [];
  const releases = releaseStack((error) => failures.push(error));
  const stateDir = join(layout.stateDir, 'self-test');
  try {
    const tested = await selfTest({ ...config, stateDir }, releases, () => {});
    if (tested.ok) return tested.engines;
    throw new HostProblem({
      what: 'This host cannot be tested.',
      why: tested.reason,
      remedy: 'mend that and try again',
    });
  } finally {
    await releases.releaseAll();
    await rm(stateDir, { recursive: true, force: true });
  }
}

/** The engine that was proven is the one that serves, so that what the service may do can be made to fit it. */
async function writeSettings(work: JoinWork, engine: EngineName): Promise<void> {
  const settings = { ...(await ownSettings(work)), engine };
  await replaceFile(work.layout.settingsFile, `${JSON.stringify(settings, null, 2)}\n`);
}

async function register({ layout, facts, joinToken, say }: JoinWork, config: Config) {
  if (!facts.isRegistered) say('registering with the join token');
  const found = await findIdentity({
    file: identityFileOf(layout.stateDir),
    baseUrl: config.url ?? '',
    name: config.name,
    joinToken: async () => joinToken,
  });
  if (found.ok) return found.stored;
  throw new HostProblem({
    what: 'This host was not registered.',
    why: found.reason,
    remedy: 'join again, with a new token where this one is spent: ./causeway executor join-token',
  });
}

async function installUnit({ layout, say }: JoinWork, engine: EngineName): Promise<void> {
  say(`installing the service ${UNIT}`);
  const text = unitText(layout, engine);
  if ((await readFile(layout.unitFile, 'utf8').catch(() => null)) === text) return;
  await replaceFile(layout.unitFile, text);
  await runTool('systemctl', ['daemon-reload']);
}

/** A daemon of an earlier version drains first, for as long as its runs take. */
async function startAndWait({ layout, say }: JoinWork): Promise<DaemonStatus> {
  say('starting the service');
  await runTool('systemctl', ['enable', UNIT]);
  await runTool('systemctl', ['restart', UNIT], APT_TIMEOUT_MS);
  say('waiting for the server to welcome it');
  for (const until = performance.now() + CONNECTED_TIMEOUT_MS; ; await delay(LOOK_MS)) {
    const status = await askDaemon(layout.stateDir, 'status');
    if (status?.connected) return status;
    if (performance.now() < until) continue;
    throw new HostProblem({
      what: 'The service runs, but the server has not welcomed it.',
      why:
        status === null
          ? 'the daemon has not come up'
          : `it dials ${status.url} and is ${standingText(status)}`,
      remedy: 'read what it says: causeway-executor logs',
    });
  }
}

async function replaceFile(file: string, content: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.new`, content, { mode: 0o644 });
  await rename(`${file}.new`, file);
}
