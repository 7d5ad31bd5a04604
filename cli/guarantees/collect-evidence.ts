import { execFileSync } from 'node:child_process';
import { cpus, loadavg, release } from 'node:os';
import { ROOT_DIR } from '../stack/state-paths.ts';
import type { Verdict } from './judge-guarantee.ts';

/** What was seen, when, of which source and on which machine: enough to repeat it. */
export interface Evidence {
  /** The commit, or null where this is no checkout. */
  readonly commit: string | null;
  /** Whether files differed from the commit. */
  readonly modified: boolean;
  readonly startedAt: string;
  readonly endedAt: string;
  readonly machine: {
    readonly node: string;
    readonly kernel: string;
    readonly cores: number;
    readonly load: number;
  };
  readonly guarantees: readonly Verdict[];
}

export function collectEvidence(guarantees: readonly Verdict[], startedAt: Date): Evidence {
  const commit = git('rev-parse', 'HEAD');
  return {
    commit,
    modified: commit !== null && git('status', '--porcelain') !== '',
    startedAt: startedAt.toISOString(),
    endedAt: new Date().toISOString(),
    machine: {
      node: process.version,
      kernel: release(),
      cores: cpus().length,
      load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
    },
    guarantees,
  };
}

function git(...args: readonly string[]): string | null {
  try {
    return execFileSync('git', args, {
      cwd: ROOT_DIR,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return null;
  }
}
