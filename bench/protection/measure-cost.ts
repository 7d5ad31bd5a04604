import type { BareWorker } from '../bare/start-bare-worker.ts';
import { type CountPlan, countTargets } from '../load/count-targets.ts';
import { measureTargets, type TargetReport } from '../load/measure-targets.ts';
import { answers, inTurn, mcpRequest } from '../load/requests.ts';
import type { Databases, Spent } from '../load/spent.ts';
import { rounded } from '../measure/quantiles.ts';
import type { BenchTenant } from '../stack/bench-tenant.ts';
import { startWithout } from './build-without.ts';
import { compareBuilds, type Measured, type ToolCost } from './compare-builds.ts';
import { BUILDS, type Build } from './parts.ts';

/** How many ask at once where the machine is to be busy. */
export const CALLERS = 8;

export interface CostPlan {
  /** Of each build that is judged. */
  readonly processes: number;
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

interface Process extends BareWorker {
  readonly build: Build;
  readonly name: string;
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
  const workers: Process[] = [];
  try {
    for (const build of BUILDS)
      for (let nth = 1; nth <= (build.isJudged ? plan.processes : 1); nth++)
        workers.push({
          build,
          name: `${build.name} ${nth}`,
          ...(await startWithout(build.without, settings, blobsDir)),
        });
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
    const reports = await measureTargets(targets, databases, {
      ...plan,
      concurrencies: [1, CALLERS],
      onRound,
    });
    onCounting();
    const counts = await countTargets(targets, databases, plan.count);
    return tools.map(({ tool }) => compareBuilds(tool, measured(tool, workers, reports, counts)));
  } finally {
    for (const worker of workers) await worker.stop();
  }
}

function measured(
  tool: string,
  workers: readonly Process[],
  reports: readonly TargetReport[],
  counts: ReadonlyMap<string, Spent> | null,
): readonly Measured[] {
  return workers.map(({ build, name: process }) => {
    const name = `${tool} ${process}`;
    const reportAt = (callers: number) => {
      const report = reports.find((each) => each.name === name && each.concurrency === callers);
      if (report === undefined) throw new Error(`${name} was not measured`);
      return report;
    };
    const { p50Ms, cpuUs } = reportAt(1);
    const busyMs = rounded(1000 / reportAt(CALLERS).requestsPerSecond);
    return { build, p50Ms, busyMs, cpuUs, instructions: counts?.get(name) ?? null };
  });
}
