import type { Spent } from '../load/spent.ts';
import { rounded } from '../measure/quantiles.ts';
import { type Build, PARTS } from './parts.ts';

/** What a call took of the clock and of each process. */
interface Spending {
  readonly p50Ms: number;
  readonly cpuUs: Spent;
  /** In thousands; null where they cannot be counted. */
  readonly instructions: Spent | null;
}

/** One process of a build. */
export interface Measured extends Spending {
  readonly build: Build;
}

/** Shares of a whole call. */
export interface Share {
  readonly time: number;
  readonly cpu: number;
  readonly instructions: number | null;
}

/** What a call of a tool costs with a build, and what that saves of the mean of the whole builds. */
export interface Cost extends Spending {
  readonly build: string;
  readonly saved: Share;
}

export interface ToolCost {
  readonly tool: string;
  readonly builds: readonly Cost[];
  /** What the builds without all parts save, by their mean. */
  readonly allParts: Share;
}

export function compareBuilds(tool: string, measured: readonly Measured[]): ToolCost {
  const meanWithout = (parts: number) =>
    meanOf(measured.filter(({ build }) => build.without.length === parts).map(sumsOf));
  const whole = meanWithout(0);
  return {
    tool,
    builds: measured.map(({ build, ...spending }) => ({
      build: build.name,
      ...spending,
      saved: shareSaved(sumsOf(spending), whole),
    })),
    allParts: shareSaved(meanWithout(PARTS.length), whole),
  };
}

/** What a call takes, all processes together. */
interface Sums {
  readonly ms: number;
  readonly cpuUs: number;
  readonly instructions: number | null;
}

function sumsOf({ p50Ms, cpuUs, instructions }: Spending): Sums {
  const sum = ({ own, postgresHttp, postgres }: Spent) => own + postgresHttp + postgres;
  return {
    ms: p50Ms,
    cpuUs: sum(cpuUs),
    instructions: instructions === null ? null : sum(instructions),
  };
}

function meanOf(sums: readonly Sums[]): Sums {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const counted = sums.map(({ instructions }) => instructions).filter((each) => each !== null);
  return {
    ms: mean(sums.map(({ ms }) => ms)),
    cpuUs: mean(sums.map(({ cpuUs }) => cpuUs)),
    instructions: counted.length === sums.length ? mean(counted) : null,
  };
}

function shareSaved(part: Sums, whole: Sums): Share {
  const saved = (of: number, all: number) => rounded(1 - of / all);
  return {
    time: saved(part.ms, whole.ms),
    cpu: saved(part.cpuUs, whole.cpuUs),
    instructions:
      part.instructions === null || whole.instructions === null
        ? null
        : saved(part.instructions, whole.instructions),
  };
}
