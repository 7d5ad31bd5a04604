import type { Spent } from '../load/spent.ts';
import { mean, relativeError, rounded } from '../measure/quantiles.ts';
import { type Build, PARTS } from './parts.ts';

/** What a call took of the clock and of each process. */
interface Spending {
  /** One call at a time. */
  readonly p50Ms: number;
  /** A second by the calls answered in it, while `CALLERS` ask at once: what is left for others. */
  readonly busyMs: number;
  readonly cpuUs: Spent;
  /** In thousands; null where they cannot be counted. */
  readonly instructions: Spent | null;
}

/** One process of a build. */
export interface Measured extends Spending {
  readonly build: Build;
}

/** A share of a whole call, and its standard error by how the processes of a build differ; null where one has a single process. */
export interface Share {
  readonly share: number;
  readonly error: number | null;
}

export interface Saved {
  readonly time: Share;
  readonly busyTime: Share;
  readonly cpu: Share;
  readonly instructions: Share | null;
}

/** What a call of a tool costs with a build, the mean of its processes, and what that saves of the whole one. */
export interface Cost extends Spending {
  readonly build: string;
  readonly processes: number;
  readonly saved: Saved;
}

export interface ToolCost {
  readonly tool: string;
  readonly builds: readonly Cost[];
  /** What the build without all parts saves. */
  readonly allParts: Saved;
}

export function compareBuilds(tool: string, measured: readonly Measured[]): ToolCost {
  const without = (parts: number) => measured.filter(({ build }) => build.without.length === parts);
  const whole = without(0);
  return {
    tool,
    builds: [...Map.groupBy(measured, ({ build }) => build.name)].map(([name, processes]) => ({
      build: name,
      processes: processes.length,
      ...meanOf(processes),
      saved: savedOf(processes, whole),
    })),
    allParts: savedOf(without(PARTS.length), whole),
  };
}

function meanOf(processes: readonly Measured[]): Spending {
  const counted = countedOf(processes);
  return {
    p50Ms: mean(processes.map(({ p50Ms }) => p50Ms)),
    busyMs: mean(processes.map(({ busyMs }) => busyMs)),
    cpuUs: meanSpent(processes.map(({ cpuUs }) => cpuUs)),
    instructions: counted === null ? null : meanSpent(counted),
  };
}

function meanSpent(spent: readonly Spent[]): Spent {
  const meanBy = (part: keyof Spent) => mean(spent.map((each) => each[part]));
  return { own: meanBy('own'), postgresHttp: meanBy('postgresHttp'), postgres: meanBy('postgres') };
}

/** Null where one of them was not counted. */
function countedOf(processes: readonly Measured[]): readonly Spent[] | null {
  const counted = processes.map(({ instructions }) => instructions).filter((each) => each !== null);
  return counted.length === processes.length ? counted : null;
}

function savedOf(part: readonly Measured[], whole: readonly Measured[]): Saved {
  const sum = ({ own, postgresHttp, postgres }: Spent) => own + postgresHttp + postgres;
  const savedBy = (read: (process: Measured) => number) => shareSaved(part.map(read), whole.map(read));
  const [counted, countedWhole] = [countedOf(part), countedOf(whole)];
  return {
    time: savedBy(({ p50Ms }) => p50Ms),
    busyTime: savedBy(({ busyMs }) => busyMs),
    cpu: savedBy(({ cpuUs }) => sum(cpuUs)),
    instructions:
      counted === null || countedWhole === null ? null : shareSaved(counted.map(sum), countedWhole.map(sum)),
  };
}

/** Of a quotient of means, whose relative errors add as squares do. */
function shareSaved(part: readonly number[], whole: readonly number[]): Share {
  const left = mean(part) / mean(whole);
  const [errorOfPart, errorOfWhole] = [relativeError(part), relativeError(whole)];
  return {
    share: rounded(1 - left),
    error:
      errorOfPart === null || errorOfWhole === null
        ? null
        : rounded(left * Math.hypot(errorOfPart, errorOfWhole)),
  };
}
