import { access, constants, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { ensureImage } from '../infra/sandbox-image/ensure-image.ts';
import { ensureRunsc } from '../infra/sandbox-image/ensure-runsc.ts';
import { ProvisionProblem } from '../infra/sandbox-image/problem.ts';
import type { Progress } from '../infra/sandbox-image/progress.ts';
import type { Offer } from '../protocol/messages.ts';
import type { Config } from './config.ts';
import type { Log } from './log.ts';
import { type Cgroups, findCgroups } from './sandbox/cgroup.ts';
import type { Engine } from './sandbox/engine.ts';
import { checkRunsc, gvisorEngine } from './sandbox/gvisor.ts';

/** Programs of the host that the executor starts; util-linux and coreutils have them. */
const PROGRAMS = ['mount', 'umount', 'mkfifo', 'setpriv'];
const PROGRAM_DIRS = '/usr/sbin:/usr/bin:/sbin:/bin';
/** Python of the image, as its recipe places it. */
const PYTHON = '/usr/bin/python3';

export type EngineOpened =
  | {
      readonly ok: true;
      readonly engine: Engine;
      readonly imageEnvironment: Readonly<Record<string, string>>;
      readonly offer: Omit<Offer, 'slots'>;
    }
  | { readonly ok: false; readonly reason: string };

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
 * Provides runsc and the image, and makes the engine over them; or says what this host lacks. As an ordinary user runsc
 * would enforce no cgroup limit at all, so that is refused and not tried.
 */
export async function openEngine(
  config: Config,
  state: { readonly dir: string; readonly tag: string },
  log: Log,
  /** Instead of those that are found. */
  given?: Cgroups,
): Promise<EngineOpened> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return {
      ok: false,
      reason: 'The executor runs on Linux x86-64 only. Use such a host, or the dev container.',
    };
  if (process.getuid?.() !== 0)
    return {
      ok: false,
      reason:
        'The executor has to run as root: it mounts, makes cgroups and starts gVisor, none of which bounds a run for an ordinary user. Start it with sudo or as a system service.',
    };
  const missing = await missingPrograms();
  if (missing.length > 0)
    return { ok: false, reason: `This host lacks ${missing.join(', ')}. Install util-linux and coreutils.` };
  const found = given === undefined ? findCgroups() : ({ ok: true, cgroups: given } as const);
  if (!found.ok) return { ok: false, reason: `Runs cannot be bounded here: ${found.reason}` };

  const onProgress = (step: Progress) => log('info', 'provisioning', { ...step });
  try {
    const [runsc, image] = await Promise.all([
      ensureRunsc({ stateDir: config.cacheDir, onProgress }),
      ensureImage({ stateDir: config.cacheDir, onProgress }),
    ]);
    const checked = await checkRunsc(runsc.path);
    if (!checked.ok) return checked;
    const { manifest } = image;
    const engine = gvisorEngine(
      {
        runscPath: runsc.path,
        platform: config.platform,
        stateDir: state.dir,
        cgroupPrefix: `causeway-${state.tag}`,
        cgroups: found.cgroups,
        rootfsDir: image.rootfsDir,
        python: PYTHON,
        harness: await readFile(join(import.meta.dirname, 'sandbox', 'harness.py'), 'utf8'),
        imageEnvironment: manifest.environment,
        log,
      },
      checked.version,
    );
    return {
      ok: true,
      engine,
      imageEnvironment: manifest.environment,
      offer: {
        engine: engine.name,
        engine_version: engine.version,
        image: image.digest,
        python: manifest.python,
        packages: Object.entries(manifest.libraries).map(([name, version]) => ({ name, version })),
        absent: [...manifest.absent],
      },
    };
  } catch (error) {
    if (error instanceof ProvisionProblem) return { ok: false, reason: `${error.message} ${error.remedy}` };
    throw error;
  }
}
