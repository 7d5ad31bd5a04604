import { z } from 'zod';
import { ownerUrlOf } from '../cli/stack/owner-url.ts';
import { Failure } from '../cli/terminal/failure.ts';
import { printJson, printNote, printResult } from '../cli/terminal/print.ts';
import { startBareWorker } from './bare/start-bare-worker.ts';
import { jobsOf, toolsList } from './mcp/jobs.ts';
import { type JobReport, measureJobs } from './mcp/measure-jobs.ts';
import { measureSessions } from './mcp/measure-sessions.ts';
import { compare, printMcp } from './mcp/report.ts';
import { observeMachine } from './measure/machine.ts';
import { readInput } from './stack/bench-input.ts';
import { openBenchTenant } from './stack/bench-tenant.ts';
import { openClient } from './stack/open-client.ts';
import { partOf, runningParts } from './stack/running-parts.ts';

/** Tokens must carry all calls below the rate limit: 600 in the bank of each, 10 a second more. */
const FULL = { rounds: 3, durationMs: 2_000, tokens: 96, clients: [1, 32, 256], sessions: 2_000 } as const;
const QUICK = { rounds: 1, durationMs: 300, tokens: 16, clients: [1, 256], sessions: 100 } as const;

/** `./causeway bench mcp`: what agents ask of the endpoint, beside servers of the same SDK that ask nobody who they are. */
export async function run(given: object): Promise<void> {
  const { state, mcpUrl, json, quick } = readInput(given);
  const plan = quick ? QUICK : FULL;
  const worker = partOf(await runningParts(state), 'worker');
  printNote(`Making ${plan.tokens} tokens.`);
  const tenant = await openBenchTenant(await ownerUrlOf({ state }), plan.tokens);
  const bare = await startBareWorker({ folder: 'bench/mcp/bare-worker', settings: {} });
  try {
    const observed = observeMachine();
    const file = await writeFile(mcpUrl, tenant.tokens[0] ?? '');
    const minimal = { ...bare, tokens: ['none'], jobs: [toolsList] };
    const jobs = await measureJobs(
      [
        { name: 'Causeway', ...worker, path: '/mcp', tokens: tenant.tokens, jobs: jobsOf(file) },
        { name: 'SDK, as its guide begins', ...minimal, path: '/minimal' },
        { name: 'SDK, list prepared', ...minimal, path: '/prepared' },
      ],
      { ...plan, onProgress: noteTenths() },
    );
    const sessions = await measureSessions(plan.sessions, printNote);
    const report = { bench: 'mcp', machine: observed(), jobs, ratios: compare(jobs), sessions } as const;
    if (json) printJson(report);
    else printResult(`\n${printMcp(report)}`);
    refuseLosses([...jobs, sessions]);
  } finally {
    await bare.stop();
    await tenant.close();
  }
}

const created = z.object({ project: z.string() });
const LINE = 'def forecast(sales):  # one of many lines like it\n';
const FILE_BYTES = 10_240;

/** A file of 10 KB in a project of the benchmark's own. */
async function writeFile(mcpUrl: string, token: string) {
  const client = await openClient(mcpUrl, token);
  try {
    const { project } = await client.call('create_project', { name: 'Benchmark' }, created);
    const content = LINE.repeat(Math.ceil(FILE_BYTES / LINE.length)).slice(0, FILE_BYTES);
    const path = 'forecast.py';
    await client.call(
      'write_files',
      { project, message: 'Add a model', files: [{ path, content }] },
      created,
    );
    return { project, path, text: `"bytes":${FILE_BYTES}` };
  } finally {
    await client.close();
  }
}

/** Says at each tenth of the way how far it is. */
function noteTenths(): (done: number, all: number) => void {
  let said = 0;
  return (done, all) => {
    const tenths = Math.floor((10 * done) / all);
    if (tenths > said) printNote(`  ${tenths * 10} %`);
    said = Math.max(said, tenths);
  };
}

function refuseLosses(measured: readonly Pick<JobReport, 'lost' | 'firstLoss'>[]): void {
  const losing = measured.filter(({ lost }) => lost > 0);
  if (losing.length === 0) return;
  throw new Failure({
    what: `${losing.reduce((sum, { lost }) => sum + lost, 0)} conversations or sessions were lost.`,
    why: losing[0]?.firstLoss ?? 'unknown',
    remedy: 'read the log of the Worker: ./causeway logs',
  });
}
