import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const PACKAGE = dirname(
  createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json'),
);

/** The command line of `@modelcontextprotocol/conformance`, a program for Node. */
export const CONFORMANCE = join(PACKAGE, 'dist/index.js');

/** One observation of a scenario, in the suite's own words. */
export interface Check {
  readonly id: string;
  readonly status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO';
  readonly errorMessage?: string;
}

export interface SuiteResult {
  readonly exitCode: number | null;
  /** What it printed, for whoever has to mend something. */
  readonly output: string;
  readonly checksOf: (scenario: string) => readonly Check[];
}

/** The scenarios that a revision requires of a server, from the suite's frozen list. */
export function requiredScenarios(revision: string): readonly string[] {
  const list = readFileSync(join(PACKAGE, 'requirements', `${revision}.yaml`), 'utf8');
  const [, server = ''] = /^server:\n((?: {2}- \S+\n)+)/m.exec(list) ?? [];
  return [...server.matchAll(/- (\S+)/g)].map(([, name = '']) => name);
}

/** Runs all that a revision requires of a server against `url`. */
export function runRequirements(url: string, revision: string): Promise<SuiteResult> {
  return runServer(url, ['--requirements', revision]);
}

/** Runs one scenario against `url`, as it is in a revision; an extension belongs to none. */
export function runScenario(url: string, scenario: string, revision: string | null): Promise<SuiteResult> {
  const version = revision === null ? [] : ['--spec-version', revision];
  return runServer(url, ['--scenario', scenario, ...version]);
}

async function runServer(url: string, what: readonly string[]): Promise<SuiteResult> {
  const dir = mkdtempSync(join(tmpdir(), 'causeway-conformance-'));
  try {
    const { exitCode, output } = await run([...['server', '--url', url], ...what, ...['--output-dir', dir]]);
    const folders = readdirSync(dir);
    const checks = new Map(
      folders.map((folder) => [
        // "server-<scenario>-<time>"
        folder.replace(/^server-/, '').replace(/-\d{4}-\d\d-\d\dT.*$/, ''),
        JSON.parse(readFileSync(join(dir, folder, 'checks.json'), 'utf8')) as Check[],
      ]),
    );
    return { exitCode, output, checksOf: (scenario) => checks.get(scenario) ?? [] };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function run(args: readonly string[]): Promise<{ exitCode: number | null; output: string }> {
  const child = spawn(process.execPath, [CONFORMANCE, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode, output }));
  });
}
