import type { LimitName } from '../../../protocol/limits.ts';
import type { RunLimits } from '../../../protocol/manifest.ts';
import type { Outcome } from '../../../protocol/outcome.ts';
import type { EngineName } from '../../support/engines.ts';

/** What has to be true of an attack, seen from outside; what is true of all of them stands in `attacks.test.ts`. */
export interface Expected {
  /** How it ends; more than one where speed decides. Succeeded where nothing is said. */
  readonly ends?: readonly Outcome['state'][];
  readonly exitCode?: number;
  /** The limit that its outcome names; none where nothing is said and it has one end. */
  readonly limit?: LimitName | 'any';
  readonly message?: RegExp;
  /** It says of each of its attempts that it was refused (`attempt.py`), and comes to its own end. */
  readonly refused?: true;
  /** What its stdout has. */
  readonly says?: readonly RegExp[];
  /** What its stdout never has. */
  readonly never?: readonly RegExp[];
  /** Names of all outputs that are kept. */
  readonly outputs?: readonly string[];
  /** Names and reasons of all that are not. */
  readonly refusedOutputs?: Readonly<Record<string, string>>;
  /** Beside {@link ATTACK_LIMITS}. */
  readonly limits?: Partial<RunLimits>;
  /** The row under an engine that meets the attack in another way, with a word why; instead of this one. */
  readonly under?: Partial<Record<EngineName, Expected>>;
}

const MIB = 1024 * 1024;

/** Small, so that what fills them is quick; a wall time that only an endless attack meets. */
export const ATTACK_LIMITS: Partial<RunLimits> = {
  wall_ms: 30_000,
  memory_bytes: 224 * MIB,
  processes: 64,
  outputs_bytes: 16 * MIB,
  outputs_inodes: 500,
  tmp_bytes: 16 * MIB,
  tmp_inodes: 500,
};

export const REFUSED: Expected = { refused: true };

/** It never ends by itself. */
export const WALL: Expected = { ends: ['timed_out'], limit: 'run_wall_ms', limits: { wall_ms: 1000 } };

export function exits(exitCode: number): Expected {
  return { ends: [exitCode === 0 ? 'succeeded' : 'failed'], exitCode };
}

export function hits(state: Outcome['state'], limit: LimitName): Expected {
  return { ends: [state], limit };
}
