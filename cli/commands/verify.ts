import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { snakeCaseJson } from '../../protocol/snake-case-json.ts';
import { isSound, printDeepResult } from '../deep/print-report.ts';
import { diagnose } from '../doctor/diagnose.ts';
import { observe } from '../doctor/observe.ts';
import { printFindings } from '../doctor/print-findings.ts';
import { collectEvidence } from '../guarantees/collect-evidence.ts';
import { judgeGuarantee, testFilesOf } from '../guarantees/judge-guarantee.ts';
import { printVerdicts } from '../guarantees/print-verdicts.ts';
import { type Guarantee, readGuarantees } from '../guarantees/read-guarantees.ts';
import { parsePublicUrl } from '../settings/public-url.ts';
import { ROOT_DIR } from '../stack/state-paths.ts';
import { Failure } from '../terminal/failure.ts';
import { printJson, printNote, printResult, styled } from '../terminal/print.ts';
import type { TestResult } from '../testing/read-report.ts';
import { runVitest } from '../testing/run-vitest.ts';
import { ensureSystemPrograms } from '../testing/system-programs.ts';
import { hasTestsFor, TEST_GROUPS } from '../testing/test-groups.ts';
import { fileToWrite } from './file-option.ts';
import { wholeNumber } from './number-option.ts';
import { type JsonOptions, jsonOption } from './state-option.ts';

interface VerifyOptions extends JsonOptions {
  readonly deep?: boolean;
  readonly only?: readonly string[];
  readonly seconds: number;
  readonly list?: boolean;
  readonly out?: string;
  readonly url?: string;
}

/** Hours of the same kind of inputs find little more than a minute does, and each run tries others. */
const SECONDS_PER_PARSER = 60;

export function registerVerify(program: Command): void {
  program
    .command('verify')
    .summary('run the tests behind each guarantee of SECURITY.md, and show what they came to')
    .description(
      'Reads the guarantees of SECURITY.md, runs the tests that each names with real Postgres, workerd, gVisor and Docker, and prints the table with what was seen. A test that was skipped proves nothing. Exit code 1 where a guarantee does not hold. With --url it asks a deployment instead, from outside and changing nothing, for what of the guarantees a stranger can see.',
    )
    .argument('[ids...]', 'guarantees, as G1 G13 S; a letter alone means all of that letter (default: all)')
    .option('--list', 'print the guarantees and the files of their tests, and run nothing')
    .option(
      '--out <file>',
      'write the evidence as JSON: each test with its result, the commit, the machine; with --url each check',
      fileToWrite,
    )
    .option(
      '--deep',
      'check the checks instead: whether unit tests notice faults in what decides, and whether inputs break parsers',
    )
    .option('--only <names...>', 'with --deep: modules and parsers, or mutation, or fuzzing (default: all)')
    .addOption(
      new Option('--seconds <n>', 'with --deep: how long inputs are tried on each parser')
        .default(SECONDS_PER_PARSER)
        .argParser(wholeNumber(1, 86_400)),
    )
    .option('--url <url>', 'a deployment: what its guarantees come to when seen from outside', parsePublicUrl)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
All of them take about as long as ./causeway test: some twenty minutes on two cores. --deep takes an hour or two, writes what breaks a
parser to test/fuzz/seeds/ and ends with 1, and with --out puts all but a broken parser into a report such as docs/security/deep-report.json.

Examples:
  $ ./causeway verify --list
  $ ./causeway verify G1 G2 G24
  $ ./causeway verify P --out evidence.json
  $ ./causeway verify --deep --only envelopes redirect-uri
  $ ./causeway verify --url https://causeway.example.com`,
    )
    .action(verify);
}

async function verify(ids: readonly string[], options: VerifyOptions): Promise<void> {
  const { list, out, url, json } = options;
  if (options.deep) return verifyChecks(ids, options);
  const guarantees = choose(readGuarantees(readFileSync(join(ROOT_DIR, 'SECURITY.md'), 'utf8')), ids);
  if (list) {
    if (json) printJson(guarantees);
    else
      for (const guarantee of guarantees) {
        printResult(`${styled('bold', guarantee.id.padEnd(4), process.stdout)} ${guarantee.promise}`);
        for (const file of testFilesOf([guarantee]))
          printResult(styled('dim', `     ${file}`, process.stdout));
      }
    return;
  }
  if (url !== undefined) return verifyFromOutside(url, guarantees, options);
  const startedAt = new Date();
  const results = await runTests(testFilesOf(guarantees));
  const verdicts = guarantees.map((guarantee) => judgeGuarantee(guarantee, results));
  const evidence = collectEvidence(verdicts, startedAt);
  if (out !== undefined) writeFileSync(out, `${snakeCaseJson(evidence, 2)}\n`);
  if (verdicts.some(({ holds }) => !holds)) process.exitCode = 1;
  if (json) printJson(evidence);
  else printVerdicts(verdicts, evidence);
}

/** `--deep`: its modules are loaded only where it is asked for. */
async function verifyChecks(
  ids: readonly string[],
  { only = [], seconds, list, out, url, json }: VerifyOptions,
): Promise<void> {
  if (ids.length > 0 || url !== undefined)
    throw new Failure({
      what: '--deep takes neither guarantees nor a deployment.',
      why: 'it tries the tests and parsers of this checkout',
      remedy: './causeway verify --deep --list shows what --only can name',
    });
  const { chooseDeep, requireCommitted, verifyDeep, writeReport } = await import('../deep/verify-deep.ts');
  const choice = chooseDeep(only);
  if (list) {
    const rows = [...choice.modules, ...choice.parsers].map(({ name, says }) => ({ name, says }));
    if (json) printJson(rows);
    else
      for (const { name, says } of rows)
        printResult(`${styled('bold', name.padEnd(16), process.stdout)} ${says}`);
    return;
  }
  if (out !== undefined) requireCommitted();
  const result = await verifyDeep(choice, seconds);
  if (!isSound(result)) process.exitCode = 1;
  if (json) printJson(result);
  else printDeepResult(result);
  if (out !== undefined) writeReport(out, result);
}

function choose(guarantees: readonly Guarantee[], ids: readonly string[]): readonly Guarantee[] {
  const unknown = ids.find((wanted) => !guarantees.some(({ id }) => isNamed(id, wanted)));
  if (unknown !== undefined)
    throw new Failure({
      what: `There is no guarantee ${unknown}.`,
      why: 'SECURITY.md has no row with that id or letter',
      remedy: './causeway verify --list shows them',
    });
  return ids.length === 0
    ? guarantees
    : guarantees.filter(({ id }) => ids.some((wanted) => isNamed(id, wanted)));
}

function isNamed(id: string, wanted: string): boolean {
  return /^[A-Z]$/.test(wanted) ? id.startsWith(wanted) : id === wanted;
}

async function runTests(files: readonly string[]): Promise<readonly TestResult[]> {
  ensureSystemPrograms();
  const results: TestResult[] = [];
  for (const group of TEST_GROUPS) {
    const own = files.filter((file) => hasTestsFor(group, file));
    if (own.length === 0) continue;
    printNote(styled('bold', `\n${group.says}: ${own.length} files`));
    results.push(...(await runVitest(group, own, process.stderr)).tests);
  }
  return results;
}

/** What of `guarantees` can be seen of a deployment by whoever comes as a stranger. */
async function verifyFromOutside(
  publicUrl: string,
  guarantees: readonly Guarantee[],
  { json, out }: VerifyOptions,
): Promise<void> {
  const startedAt = new Date();
  const observed = await observe({ publicUrl, connectTo: null, token: null }, { local: null, inside: null });
  const wanted = new Set(guarantees.map(({ id }) => id));
  const findings = diagnose(observed).filter(
    ({ id, guarantees: shown }) => id === 'reachable' || shown?.some((each) => wanted.has(each)),
  );
  const holds = findings.every(({ state }) => state !== 'failed');
  if (!holds) process.exitCode = 1;
  const evidence = { url: publicUrl, startedAt, holds, checks: findings };
  if (out !== undefined) writeFileSync(out, `${snakeCaseJson(evidence, 2)}\n`);
  if (json) printJson(evidence);
  else printFindings(publicUrl, findings);
}
