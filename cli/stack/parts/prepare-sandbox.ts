import { ensureImage } from '../../../infra/sandbox-image/ensure-image.ts';
import { ensureRunsc } from '../../../infra/sandbox-image/ensure-runsc.ts';
import { ProvisionProblem } from '../../../infra/sandbox-image/problem.ts';
import type { Progress } from '../../../infra/sandbox-image/progress.ts';
import { Failure } from '../../terminal/failure.ts';
import { CACHE_DIR } from '../state-paths.ts';

export interface SandboxParts {
  readonly imageDigest: string;
  readonly absentPackages: readonly string[];
  readonly runscVersion: string;
}

/** Makes sure that gVisor and the sandbox image are there; the executor finds both in the cache. */
export async function prepareSandbox(
  say: (doing: string) => void,
  signal: AbortSignal,
): Promise<SandboxParts> {
  const options = {
    stateDir: CACHE_DIR,
    signal,
    onProgress: (progress: Progress) => say(describe(progress)),
  };
  try {
    const runsc = await ensureRunsc(options);
    const image = await ensureImage(options);
    return { imageDigest: image.digest, absentPackages: image.manifest.absent, runscVersion: runsc.version };
  } catch (thrown) {
    if (!(thrown instanceof ProvisionProblem)) throw thrown;
    throw new Failure({
      what: 'The sandbox could not be prepared.',
      why: thrown.message,
      remedy: thrown.remedy,
    });
  }
}

function describe({ says, done, total, unit }: Progress): string {
  if (done === undefined) return says;
  return `${says} ${done}${total === undefined ? '' : ` of ${total}`}${unit === undefined ? '' : ` ${unit}`}`;
}
