import type { BareWorker } from '../bare/start-bare-worker.ts';
import { measureTargets } from '../load/measure-targets.ts';
import { answers, inTurn, mcpRequest } from '../load/requests.ts';
import { rounded } from '../measure/quantiles.ts';
import type { BenchTenant } from '../stack/bench-tenant.ts';
import { startWithout } from './build-without.ts';
import { BUILDS } from './parts.ts';

export interface CostPlan {
  readonly rounds: number;
  readonly durationMs: number;
}

export interface CostInput {
  readonly plan: CostPlan;
  readonly tenant: BenchTenant;
  readonly settings: Readonly<Record<string, string>>;
  readonly blobsDir: string;
  readonly file: { readonly project: string; readonly path: string };
  readonly databases: { readonly postgresHttpPid: number; readonly postgresPid: number };
  readonly onRound: (done: number) => void;
}

/** What a call of a tool costs with a build, and the share of the whole call that the parts left out would have been. */
export interface Cost {
  readonly tool: string;
  readonly build: string;
  readonly p50Ms: number;
  readonly cpuUs: { readonly worker: number; readonly postgresHttp: number; readonly postgres: number };
  readonly shareOfTime: number;
  readonly shareOfCpu: number;
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
}: CostInput): Promise<readonly Cost[]> {
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
    return tools.flatMap(({ tool }) => {
      const of = (build: string) => {
        const found = reports.find(({ name }) => name === `${tool} ${build}`);
        if (found === undefined) throw new Error(`${tool} ${build} was not measured`);
        const { own, postgresHttp, postgres } = found.cpuUs;
        const allUs = own + postgresHttp + postgres;
        return { p50Ms: found.p50Ms, cpuUs: { worker: own, postgresHttp, postgres }, allUs };
      };
      const whole = of('whole');
      return BUILDS.map(({ name: build }) => {
        const { p50Ms, cpuUs, allUs } = of(build);
        return {
          ...{ tool, build, p50Ms, cpuUs },
          shareOfTime: rounded(1 - p50Ms / whole.p50Ms),
          shareOfCpu: rounded(1 - allUs / whole.allUs),
        };
      });
    });
  } finally {
    for (const worker of workers) await worker.stop();
  }
}
