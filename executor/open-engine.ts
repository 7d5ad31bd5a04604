import { access, constants, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { type ProvenImage, proveImage, signatureFileOf } from '../infra/image-signature/prove-image.ts';
import { ensureImage } from '../infra/sandbox-image/ensure-image.ts';
import { ensureRunsc } from '../infra/sandbox-image/ensure-runsc.ts';
import { ProvisionProblem } from '../infra/sandbox-image/problem.ts';
import type { Progress } from '../infra/sandbox-image/progress.ts';
import type { RefusedImageRequest } from '../protocol/image-refusal.ts';
import type { Offer } from '../protocol/messages.ts';
import { type EngineName, enginesToTry } from './choose-engine.ts';
import type { Config } from './config.ts';
import type { Log } from './log.ts';
import { openDocker } from './open-docker.ts';
import { type Cgroups, findCgroups } from './sandbox/cgroup.ts';
import { drive } from './sandbox/drive.ts';
import type { Engine } from './sandbox/engine.ts';
import { checkRunsc, gvisorDriver } from './sandbox/gvisor.ts';

/** Programs of the host that the executor starts; util-linux and coreutils have them. */
const PROGRAMS = ['mount', 'umount', 'mkfifo', 'setpriv'];
const PROGRAM_DIRS = '/usr/sbin:/usr/bin:/sbin:/bin';
/** Python of the image, as its recipe places it. */
const PYTHON = '/usr/bin/python3';

export interface OpenedEngine {
  readonly engine: Engine;
  readonly image: ProvenImage;
  readonly imageEnvironment: Readonly<Record<string, string>>;
  readonly offer: Omit<Offer, 'slots'>;
}

export type EngineOpened =
  | ({ readonly ok: true } & OpenedEngine)
  | {
      readonly ok: false;
      readonly reason: string;
      /** The image, where that is what is refused. */
      readonly image?: RefusedImageRequest;
    };

/** The state folder that an engine works in, held by this process. */
export interface HeldState {
  readonly dir: string;
  readonly tag: string;
}

async function missingPrograms(): Promise<string[]> {
  const found = await Promise.all(
    PROGRAMS.map(async (program) => {
      const tries = PROGRAM_DIRS.split(delimiter).map((dir) => access(join(dir, program), constants.X_OK));
      return Promise.any(tries).then(
        () => [],
        () => [program],
      );
    }),
  );
  return found.flat();
}

/**
 * What any engine needs of this host, or a sentence on what it lacks. As an ordinary user runsc would enforce no cgroup
 * limit at all, so that is refused and not tried.
 */
export async function refuseHost(): Promise<string | null> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return 'The executor runs on Linux x86-64 only. Use such a host, or the dev container.';
  if (process.getuid?.() !== 0)
    return 'The executor has to run as root: it mounts, makes cgroups and starts gVisor, none of which bounds a run for an ordinary user. Start it with sudo or as a system service.';
  const missing = await missingPrograms();
  return missing.length === 0
    ? null
    : `This host lacks ${missing.join(', ')}. Install util-linux and coreutils.`;
}

/** What an engine is opened with, on a host that {@link refuseHost} does not refuse. */
export interface Opening {
  readonly config: Config;
  readonly state: HeldState;
  readonly log: Log;
  /** For gVisor, instead of those that are found. */
  readonly cgroups?: Cgroups | undefined;
}

/** Opens the strongest engine that the settings allow and this host has; or says of each what it lacks. */
export async function openEngine(opening: Opening): Promise<EngineOpened> {
  const { config } = opening;
  const wanted = enginesToTry(config.engine, config.acceptsKernelAsBoundary);
  if (!wanted.ok) return wanted;
  const refusals: string[] = [];
  let image: RefusedImageRequest | undefined;
  for (const name of wanted.engines) {
    const opened = await openNamed(name, opening);
    if (opened.ok) return opened;
    if (!refusals.includes(opened.reason)) refusals.push(opened.reason);
    image ??= opened.image;
  }
  return { ok: false, reason: refusals.join('\n'), ...(image === undefined ? {} : { image }) };
}

/** Provides the image, proves it, and opens this one engine over it; or says what it lacks. */
export async function openNamed(name: EngineName, opening: Opening): Promise<EngineOpened> {
  const { config, state, log } = opening;
  const onProgress = (step: Progress) => log('info', 'provisioning', { ...step });
  const provision = { stateDir: config.cacheDir, onProgress };
  try {
    const provided = await ensureImage(provision);
    const signatureFile = config.imageSignature ?? signatureFileOf(config.cacheDir, provided.digest);
    const proven = await proveImage(provided, { keys: config.imageKeys, signatureFile }, () =>
      log('info', 'reading the sandbox image, to prove that it is the one that was signed'),
    );
    if (!proven.ok) {
      const { code, reason } = proven;
      return { ok: false, reason, image: { code, image: provided.digest } };
    }
    log('info', 'image proven', { image: provided.digest, signed_by: proven.signedBy });
    const { image } = proven;
    const { path: runscPath } = await ensureRunsc(provision);
    const opened =
      name === 'gvisor'
        ? await openGvisor(runscPath, image, opening)
        : await openDocker({ engine: name, config, state, image, python: PYTHON, runscPath, log });
    return opened.ok ? { ok: true, ...offerOf(opened.engine, image) } : opened;
  } catch (error) {
    if (error instanceof ProvisionProblem) return { ok: false, reason: `${error.message} ${error.remedy}` };
    throw error;
  }
}

async function openGvisor(
  runscPath: string,
  image: ProvenImage,
  { config, state, log, cgroups }: Opening,
): Promise<{ ok: true; engine: Engine } | { ok: false; reason: string }> {
  const found = cgroups === undefined ? findCgroups() : ({ ok: true, cgroups } as const);
  if (!found.ok) return { ok: false, reason: `Runs cannot be bounded here: ${found.reason}` };
  const checked = await checkRunsc(runscPath);
  if (!checked.ok) return checked;
  const driver = gvisorDriver(
    {
      runscPath,
      platform: config.platform,
      stateDir: state.dir,
      rootfsDir: image.rootfsDir,
      python: PYTHON,
      harness: await readFile(join(import.meta.dirname, 'sandbox', 'harness.py'), 'utf8'),
      imageEnvironment: image.manifest.environment,
    },
    checked.version,
  );
  const place = { stateDir: state.dir, cgroupPrefix: `causeway-${state.tag}`, cgroups: found.cgroups, log };
  return { ok: true, engine: drive(driver, place) };
}

function offerOf(engine: Engine, image: ProvenImage): OpenedEngine {
  const { digest, manifest } = image;
  return {
    engine,
    image,
    imageEnvironment: manifest.environment,
    offer: {
      engine: engine.name,
      engine_version: engine.version,
      image: digest,
      python: manifest.python,
      packages: Object.entries(manifest.libraries).map(([name, version]) => ({ name, version })),
      absent: [...manifest.absent],
    },
  };
}
