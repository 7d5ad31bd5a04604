import { existsSync } from 'node:fs';
import { Argument, type Command } from 'commander';
import { diagnose, diagnoseInside, type Finding } from '../doctor/diagnose.ts';
import { judgeProgram, PROGRAMS, type ProgramName } from '../doctor/judge-program.ts';
import { lookAtNamedDatabase, lookInside } from '../doctor/look-inside.ts';
import { observe } from '../doctor/observe.ts';
import { printFindings } from '../doctor/print-findings.ts';
import type { LocalStack } from '../doctor/seen.ts';
import { parsePublicUrl } from '../settings/public-url.ts';
import { readConnection } from '../stack/connection-file.ts';
import { askHealth } from '../stack/parts/worker-health.ts';
import { askHolder, type Holder } from '../stack/state-lock.ts';
import { statePaths } from '../stack/state-paths.ts';
import { Failure } from '../terminal/failure.ts';
import { printJson, printNote, printResult } from '../terminal/print.ts';
import { type JsonOptions, jsonOption, type StateOptions, stateOption } from './state-option.ts';

interface DoctorOptions extends StateOptions, JsonOptions {
  readonly url?: string;
  readonly connectTo?: string;
}

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .summary('what is wrong, seen from where agents and people come, and what refuses to start')
    .description(
      [
        'Asks a deployment through its public address, as agents and browsers do, and says what is not as it must be: addresses, proxies, headers, TLS, clocks. Of the stack in the state folder, running or not, it also says what keeps it from starting: secrets, who may read their files, and of a database that answers its migrations and overdue keys. It changes nothing. Exit code 1 where a check fails.',
        'With the name of a program and its options behind --, it says what that program would refuse to start with on this machine.',
      ].join('\n\n'),
    )
    .addArgument(new Argument('[program]', 'a program to judge by its options').choices(PROGRAMS))
    .argument('[options...]', 'its options, as it is started with')
    .option(
      '--url <url>',
      'the public address; absent: that of the stack in the state folder',
      parsePublicUrl,
    )
    .option('--connect-to <address>', 'connect there instead of where the name leads, as before a DNS change')
    .addOption(stateOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
With CAUSEWAY_TOKEN set to an API token it also makes a call; for the stack in the state folder it has one.
With DATABASE_OWNER_URL set it also looks at that database; with KEY_DAYS_MAX as its Worker has it, at the ages of its keys by that.

Examples:
  $ ./causeway doctor
  $ ./causeway doctor --url https://causeway.example.com
  $ ./causeway doctor --url https://causeway.example.com --connect-to 192.0.2.10
  $ ./causeway doctor executor -- --config /etc/causeway/executor.json
  $ ./causeway doctor postgres-http -- --listen 0.0.0.0:4444 --upstream db.internal:5432`,
    )
    .action(doctor);
}

async function doctor(
  program: ProgramName | undefined,
  programOptions: readonly string[],
  options: DoctorOptions,
): Promise<void> {
  if (program !== undefined)
    return tellProgram(program, await judgeProgram(program, programOptions), options);
  const { state, url, connectTo, json } = options;
  const holder = existsSync(statePaths(state).root) ? await askHolder(state) : null;
  const publicUrl = url ?? holder?.publicUrl;
  if (publicUrl === undefined) return doctorInside(options);
  const isLocal = holder?.publicUrl === publicUrl;
  if (!json) printNote(`Asking ${publicUrl}.\n`);
  const [local, inside] = isLocal
    ? await Promise.all([localStack(state, holder), lookInside(state, holder)])
    : [null, await lookAtNamedDatabase(state)];
  const token = tokenFor(isLocal, state);
  const observed = await observe({ publicUrl, connectTo: connectTo ?? null, token }, { local, inside });
  tell({ url: publicUrl }, diagnose(observed), options);
}

/** Of a stack that does not run: what keeps it from starting. */
async function doctorInside(options: DoctorOptions): Promise<void> {
  const { state, json } = options;
  const inside = await lookInside(state, null);
  if (inside.launcher === null && inside.database === null) throw nothingToAsk(state);
  tell({ state }, diagnoseInside(inside), options);
  if (!json)
    printNote('It does not run, so no address was asked: ./causeway up starts it, --url names another.');
}

/** Tells what was found of an address, or of a state folder. */
function tell(
  judged: { readonly url: string } | { readonly state: string },
  findings: readonly Finding[],
  { json }: DoctorOptions,
): void {
  const healthy = findings.every(({ state }) => state !== 'failed');
  if (!healthy) process.exitCode = 1;
  if (json) printJson({ ...judged, healthy, checks: findings });
  else printFindings('url' in judged ? judged.url : judged.state, findings);
}

function tellProgram(program: ProgramName, findings: readonly string[], { json }: DoctorOptions): void {
  if (findings.length > 0) process.exitCode = 1;
  if (json) printJson({ program, healthy: findings.length === 0, findings });
  else if (findings.length === 0)
    printResult(`${program} would start with these options, as far as they and its files tell.`);
  else {
    printResult(`${program} does not start:`);
    for (const finding of findings) printResult(`  ${finding}`);
  }
}

async function localStack(state: string, { workerPort }: Holder): Promise<LocalStack> {
  return { state, workerPort, health: await askHealth(workerPort) };
}

/** A token is sent to the deployment that it is for and to no other. */
function tokenFor(isLocal: boolean, state: string): string | null {
  const given = process.env.CAUSEWAY_TOKEN;
  if (given !== undefined && given !== '') return given;
  return isLocal ? (readConnection(statePaths(state))?.apiToken ?? null) : null;
}

function nothingToAsk(state: string): Failure {
  return new Failure({
    what: 'There is no address to ask.',
    why: `nothing runs in ${state}, and no address was named`,
    remedy: 'start ./causeway up in another terminal, or name one: --url https://causeway.example.com',
  });
}
