import { ownerUrlOf } from '../cli/stack/owner-url.ts';
import { readSecrets } from '../cli/stack/secrets.ts';
import { statePaths } from '../cli/stack/state-paths.ts';
import { printJson, printNote, printResult } from '../cli/terminal/print.ts';
import { parseApiToken } from '../protocol/api-token.ts';
import { startBareWorker } from './bare/start-bare-worker.ts';
import { measureVerification } from './edge/measure-verification.ts';
import { printEdge } from './edge/report.ts';
import { targetsOf } from './edge/targets.ts';
import { measureTargets } from './load/measure-targets.ts';
import { observeMachine } from './measure/machine.ts';
import { readInput } from './stack/bench-input.ts';
import { type BenchTenant, openBenchTenant } from './stack/bench-tenant.ts';
import { partOf, runningParts } from './stack/running-parts.ts';

/** Tokens must carry all calls below the rate limit: 600 in the bank of each, 10 a second more. */
const FULL = { rounds: 3, durationMs: 2_500, tokens: 64 } as const;
const QUICK = { rounds: 1, durationMs: 300, tokens: 16 } as const;
const CONCURRENCIES = [1, 16] as const;

/** `./causeway bench edge`: what the Worker answers a second, beside each of its layers alone. */
export async function run(given: object): Promise<void> {
  const { state, json, quick } = readInput(given);
  const plan = quick ? QUICK : FULL;
  printNote(`Making ${plan.tokens} tokens.`);
  const tenant = await openBenchTenant(await ownerUrlOf({ state }), plan.tokens);
  try {
    await measure(tenant, plan, { state, json });
  } finally {
    await tenant.close();
  }
}

async function measure(
  { tenant, user, tokens }: BenchTenant,
  plan: typeof FULL | typeof QUICK,
  { state, json }: { readonly state: string; readonly json: boolean },
): Promise<void> {
  const parts = await runningParts(state);
  const secrets = readSecrets(statePaths(state));
  if (secrets === null) throw new Error('a running stack has secrets');
  const postgres = partOf(parts, 'postgres');
  const postgresHttp = partOf(parts, 'postgres-http');
  const worker = partOf(parts, 'worker');
  const connectionString = `postgres://causeway_app:${secrets.appPassword}@127.0.0.1:${postgres.port}/causeway`;
  const bare = await startBareWorker({
    folder: 'bench/edge/bare-worker',
    settings: {
      DATABASE_URL: connectionString,
      DATABASE_HTTP_URL: `http://127.0.0.1:${postgresHttp.port}/sql`,
      CONTEXT_KEY: secrets.contextKey,
      CREDENTIAL: `${tenant} ${parseApiToken(tokens[0] ?? '')?.token} ${user}`,
    },
    durableObjects: { TENANT_GATE: 'TenantGate' },
  });
  try {
    const observed = observeMachine();
    const verification = await measureVerification(worker.port, tokens);
    const targets = await measureTargets(
      targetsOf({ worker, bare, postgresHttp, connectionString, tokens }),
      { postgresHttpPid: postgresHttp.pid, postgresPid: postgres.pid },
      {
        ...plan,
        concurrencies: CONCURRENCIES,
        onRound: (done) => printNote(`  round ${done} of ${plan.rounds}`),
      },
    );
    const report = { bench: 'edge', machine: observed(), targets, verification } as const;
    if (json) printJson(report);
    else printResult(`\n${printEdge(report)}`);
  } finally {
    await bare.stop();
  }
}
