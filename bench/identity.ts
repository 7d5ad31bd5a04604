import { z } from 'zod';
import { ownerUrlOf } from '../cli/stack/owner-url.ts';
import { printJson, printNote, printResult } from '../cli/terminal/print.ts';
import { startBareWorker } from './bare/start-bare-worker.ts';
import { openGrants } from './identity/access-tokens.ts';
import { Browser, type Place } from './identity/browser.ts';
import { type FloodReport, floodLogins } from './identity/flood-logins.ts';
import { addressOf } from './identity/login-request.ts';
import { type Agent, openAgent } from './identity/open-agent.ts';
import { openPeople, type People } from './identity/open-people.ts';
import { printIdentity } from './identity/report.ts';
import { targetsOf } from './identity/targets.ts';
import { measureTargets } from './load/measure-targets.ts';
import { observeMachine } from './measure/machine.ts';
import { type BenchInput, readInput } from './stack/bench-input.ts';
import { type BenchTenant, openBenchTenant } from './stack/bench-tenant.ts';
import { partOf, runningParts } from './stack/running-parts.ts';

const FULL = { rounds: 3, durationMs: 2_500, usedUp: 96, grants: 64, people: 100, floods: 3, restMs: 5_000 };
const QUICK = { rounds: 1, durationMs: 300, usedUp: 16, grants: 16, people: 20, floods: 1, restMs: 500 };
const CONCURRENCIES = [1, 16] as const;

/** The bench plays the edge: it vouches for the addresses of its callers, as Cloudflare does. */
export const edge = 'cloudflare';

/** `./causeway bench identity`: tokens, their verification and logins, beside the bare cryptography. */
export async function run(given: object): Promise<void> {
  const input = readInput(given);
  const plan = input.quick ? QUICK : FULL;
  const ownerUrl = await ownerUrlOf(input);
  const worker = partOf(await runningParts(input.state), 'worker');
  const place = { port: worker.port, publicUrl: input.issuer };
  printNote(`Making ${plan.grants} tokens, ${plan.people} people, and an agent with ${plan.grants} grants.`);
  const tenant = await openBenchTenant(ownerUrl, plan.grants);
  const people = await openPeople(ownerUrl, tenant.tenant, plan.people);
  const agent = await openAgent(place, ownerUrl, people);
  try {
    await measure(input, plan, { place, tenant, people, agent });
  } finally {
    await agent.close();
    await people.close();
    await tenant.close();
  }
}

interface Actors {
  readonly place: Place;
  readonly tenant: BenchTenant;
  readonly people: People;
  readonly agent: Agent;
}

async function measure(
  { state, json }: BenchInput,
  plan: typeof FULL,
  { place, tenant, people, agent }: Actors,
): Promise<void> {
  const parts = await runningParts(state);
  const worker = partOf(parts, 'worker');
  const grants = await openGrants(place, agent, plan.grants);
  const bare = await startBareWorker({
    folder: 'bench/identity/bare-worker',
    settings: {
      ...(await verifying(place, grants.access()[0] ?? '')),
      HASH: people.hash,
      SECRET: people.password,
    },
  });
  try {
    const observed = observeMachine();
    const loginPage = await new Browser(place, addressOf(0)).open('/login', '/login');
    // Before anything else has made the Worker grow.
    const floods: FloodReport[] = [];
    while (floods.length < plan.floods) {
      floods.push(await floodLogins(worker, { people, loginPage, restMs: plan.restMs }));
      printNote(`  flood ${floods.length} of ${plan.floods}`);
    }
    const targets = await measureTargets(
      targetsOf({
        worker,
        bare,
        tenant,
        people,
        agent,
        loginPage,
        grants,
        usedUp: plan.usedUp,
      }),
      { postgresHttpPid: partOf(parts, 'postgres-http').pid, postgresPid: partOf(parts, 'postgres').pid },
      {
        ...plan,
        concurrencies: CONCURRENCIES,
        onRound: (done) => printNote(`  round ${done} of ${plan.rounds}`),
      },
    );
    const report = { bench: 'identity', machine: observed(), targets, floods } as const;
    if (json) printJson(report);
    else printResult(`\n${printIdentity(report)}`);
  } finally {
    await bare.stop();
  }
}

const keySet = z.object({ keys: z.array(z.looseObject({ kid: z.string() })) });
const header = z.object({ kid: z.string() });
const claims = z.object({ iss: z.string(), aud: z.string() });

/** What verifies an access token: the published key that signed it, its issuer and its audience. */
async function verifying({ port }: Place, token: string): Promise<Record<string, string>> {
  const [kid, { iss, aud }] = [header.parse(part(token, 0)).kid, claims.parse(part(token, 1))];
  const { keys } = keySet.parse(await (await fetch(`http://127.0.0.1:${port}/oauth/jwks`)).json());
  return { JWK: JSON.stringify(keys.find((key) => key.kid === kid)), ISSUER: iss, AUDIENCE: aud };
}

function part(token: string, index: number): unknown {
  return JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString());
}
