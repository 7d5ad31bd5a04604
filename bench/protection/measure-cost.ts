import type { BareWorker } from '../bare/start-bare-worker.ts';
import { type CountPlan, countTargets } from '../load/count-targets.ts';
import { measureTargets, type TargetReport } from '../load/measure-targets.ts';
import { answers, inTurn, mcpRequest } from '../load/requests.ts';
import type { Databases, Spent } from '../load/spent.ts';
import { rounded } from '../measure/quantiles.ts';
import type { BenchTenant } from '../stack/bench-tenant.ts';
import { startWithout } from './build-without.ts';
import { BUILDS, PARTS } from './parts.ts';

export interface CostPlan {
  readonly rounds: number;
  readonly durationMs: number;
  readonly warmUpMs: number;
  readonly count: CountPlan;
}

export interface CostInput {
  readonly plan: CostPlan;
  readonly tenant: BenchTenant;
  readonly settings: Readonly<Record<string, string>>;
  readonly blobsDir: string;
  readonly file: { readonly project: string; readonly path: string };
  readonly databases: Databases;
  readonly onRound: (done: number) => void;
  readonly onCounting: () => void;
}

/** Shares of a whole call; of instructions null where they cannot be counted. */
export interface Share {
  readonly time: number;
  readonly cpu: number;
  readonly instructions: number | null;
}

/** What a call of a tool costs with a build; the share is of the mean of the whole builds, and what this build does without. */
export interface Cost {
  readonly build: string;
  readonly p50Ms: number;
  readonly cpuUs: Spent;
  /** In thousands. */
  readonly instructions: Spent | null;
  readonly saved: Share;
}

export interface ToolCost {
  readonly tool: string;
  readonly builds: readonly Cost[];
  /** What the builds without all parts do without, by their mean. */
  readonly allParts: Share;
}

/** One at a time, all builds in turn on one database: what differs between them is what was left out. */
export async function measureCost({
  plan,
  tenant,
  settings,
  blobsDir,
  file,
  databases,
  onRound,
  onCounting,
}: CostInput): Promise<readonly ToolCost[]> {
  const workers: (BareWorker & { readonly name: string })[] = [];
  try {
    for (const { name, without } of BUILDS)
      workers.push({ name, ...(await startWithout(without, settings, blobsDir)) });
    const tools = [
      { tool: 'whoami', args: {} },
      { tool: 'read_file', args: file },
    ];
    const targets = tools.flatMap(({ tool, args }) =>
      workers.map(({ name, port, pid }) => ({
        ...{ name: `${tool} ${name}`, port, pid, check: answers('"structuredContent"') },
        next: inTurn(
          tenant.tokens.map((token, index) =>
            mcpRequest('tools/call', tool, token, { 'cf-connecting-ip': `198.51.100.${index + 1}` }, args),
          ),
        ),
      })),
    );
    const reports = await measureTargets(targets, databases, { ...plan, concurrencies: [1], onRound });
    onCounting();
    const counts = await countTargets(targets, databases, plan.count);
    return tools.map(({ tool }) => costOfTool(tool, reports, counts));
  } finally {
    for (const worker of workers) await worker.stop();
  }
}

function costOfTool(
  tool: string,
  reports: readonly TargetReport[],
  counts: ReadonlyMap<string, Spent> | null,
): ToolCost {
  const measured = BUILDS.map(({ name: build, without }) => {
    const name = `${tool} ${build}`;
    const report = reports.find((each) => each.name === name);
    if (report === undefined) throw new Error(`${name} was not measured`);
    const { p50Ms, cpuUs } = report;
    return { build, without, p50Ms, cpuUs, instructions: counts?.get(name) ?? null };
  });
  const meanOfBuilds = (parts: number) =>
    meanOf(measured.filter(({ without }) => without.length === parts).map(sumsOf));
  const whole = meanOfBuilds(0);
  return {
    tool,
    builds: measured.map(({ without, ...cost }) => ({ ...cost, saved: shareSaved(sumsOf(cost), whole) })),
    allParts: shareSaved(meanOfBuilds(PARTS.length), whole),
  };
}

/** What a call takes, all processes together. */
interface Sums {
  readonly ms: number;
  readonly cpuUs: number;
  readonly instructions: number | null;
}

function sumsOf({ p50Ms, cpuUs, instructions }: Omit<Cost, 'build' | 'saved'>): Sums {
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
