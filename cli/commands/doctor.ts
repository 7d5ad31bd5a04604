import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import { diagnose } from '../doctor/diagnose.ts';
import { observe } from '../doctor/observe.ts';
import { printFindings } from '../doctor/print-findings.ts';
import type { LocalStack } from '../doctor/seen.ts';
import { parsePublicUrl } from '../settings/public-url.ts';
import { readConnection } from '../stack/connection-file.ts';
import { askHealth } from '../stack/parts/worker-health.ts';
import { askHolder, type Holder } from '../stack/state-lock.ts';
import { statePaths } from '../stack/state-paths.ts';
import { Failure } from '../terminal/failure.ts';
import { printJson, printNote } from '../terminal/print.ts';
import { type JsonOptions, jsonOption, type StateOptions, stateOption } from './state-option.ts';

interface DoctorOptions extends StateOptions, JsonOptions {
  readonly url?: string;
  readonly connectTo?: string;
}

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .summary('what is wrong, seen from where agents and people come')
    .description(
      'Asks a deployment through its public address, as agents and browsers do, and says what is not as it must be: addresses, proxies, headers, TLS, clocks. It changes nothing. Exit code 1 where a check fails.',
    )
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

Examples:
  $ ./causeway doctor
  $ ./causeway doctor --url https://causeway.example.com
  $ ./causeway doctor --url https://causeway.example.com --connect-to 192.0.2.10`,
    )
    .action(doctor);
}

async function doctor({ state, url, connectTo, json }: DoctorOptions): Promise<void> {
  const holder = existsSync(statePaths(state).root) ? await askHolder(state) : null;
  const publicUrl = url ?? holder?.publicUrl;
  if (publicUrl === undefined) throw nothingToAsk(state);
  const isLocal = holder?.publicUrl === publicUrl;
  if (!json) printNote(`Asking ${publicUrl}.\n`);
  const observed = await observe(
    { publicUrl, connectTo: connectTo ?? null, token: tokenFor(isLocal, state) },
    isLocal ? await localStack(state, holder) : null,
  );
  const findings = diagnose(observed);
  if (findings.some((finding) => finding.state === 'failed')) process.exitCode = 1;
  if (json) printJson({ url: publicUrl, healthy: process.exitCode !== 1, checks: findings });
  else printFindings(publicUrl, findings);
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
