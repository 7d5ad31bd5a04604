import { formatTable, printResult } from '../terminal/print.ts';
import { type DeepReport, NOTICED_MIN, type ParserReport, sum } from './deep-report.ts';
import { MODULES } from './mutation/modules.ts';
import type { DeepResult } from './verify-deep.ts';

const FOUND_CHARS_SHOWN = 200;

/** Two tables, and what contradicts them below. */
export function printDeepResult({ modules, parsers }: DeepResult): void {
  if (modules.length > 0)
    printResult(
      formatTable(
        ['module', 'mutants', 'noticed', '%', 'explained', 'seconds'],
        modules.map(({ name, files, survivors, seen }) => {
          const [mutants, noticed] = [sum(files, 'mutants'), sum(files, 'noticed')];
          const explained = survivors.filter(({ reason }) => reason !== '').length;
          return [name, mutants, noticed, percent(noticed, mutants), explained, seen.seconds];
        }),
      ),
    );
  for (const { file, line, from, to, reason } of modules.flatMap(({ survivors }) => survivors))
    if (reason === '')
      printResult(`not noticed: ${file}:${line}  ${from}  →  ${to === '' ? '(nothing)' : to}`);
  if (parsers.length > 0)
    printResult(
      `\n${formatTable(
        ['parser', 'inputs', 'slowest ms', 'finds', 'seconds'],
        parsers.map(({ name, inputs, slowestMs, finds, seen }) => [
          name,
          inputs,
          slowestMs,
          finds.length,
          seen.seconds,
        ]),
      )}`,
    );
  for (const { name, finds } of parsers) for (const find of finds) printResult(foundLine(name, find));
}

/** What broke a parser, and where it lies: mend the parser, then commit both. Pure. */
export function foundLine(parser: string, { input, why, keptIn }: ParserReport['finds'][number]): string {
  const known = input === null ? '' : `  ${JSON.stringify(input).slice(0, FOUND_CHARS_SHOWN)}`;
  return `found: ${parser}  ${why}${known}${keptIn === null ? '' : `  (kept in ${keptIn})`}`;
}

/** Whether each module is noticed as much as it must be, each survivor has its reason, and nothing broke a parser. */
export function isSound({ modules, parsers }: DeepResult): boolean {
  return (
    modules.every(
      ({ files, survivors }) =>
        sum(files, 'noticed') >= NOTICED_MIN * sum(files, 'mutants') &&
        survivors.every(({ reason }) => reason !== ''),
    ) && parsers.every(({ finds }) => finds.length === 0)
  );
}

/** `docs/security/deep-report.md`. */
export function printDeepReport({ modules, parsers }: DeepReport): string {
  const rows = modules.map(({ name, says, files, survivors, seen }) => {
    const [mutants, noticed] = [sum(files, 'mutants'), sum(files, 'noticed')];
    return `| [${name}](#${name}) | ${says} | ${mutants} | ${noticed} | ${percent(noticed, mutants)} | ${survivors.length} | ${seen.seconds} | ${seen.load} | ${seen.commit.slice(0, 12)} |`;
  });
  const fuzzed = parsers.map(
    ({ name, file, says, inputs, slowestMs, seen }) =>
      `| ${name} | [${file}](../../${file}) | ${says} | ${inputs} | ${slowestMs} | ${seen.seconds} | ${seen.commit.slice(0, 12)} |`,
  );
  const all = modules.flatMap(({ files }) => files);
  const inputs = parsers.reduce((total, parser) => total + parser.inputs, 0);
  return `# Checks of the checks

<!-- Made by \`./causeway check --write\` from deep-report.json, which \`./causeway verify --deep --out docs/security/deep-report.json\` writes. -->

Whether the tests would notice a fault, and whether a parser that a stranger reaches can be broken. \`./causeway verify --deep\` finds out; how, and what it cannot see, is in decisions
[0224](../decisions/0224-mutants-of-what-decides.md) and [0225](../decisions/0225-fuzzing-with-promises.md). Each row names the commit that it speaks of.

## Mutants

A mutant is a module with one small fault. ${sum(all, 'noticed')} of ${sum(all, 'mutants')} are noticed by the unit tests (${percent(sum(all, 'noticed'), sum(all, 'mutants'))} %); the others stand below, each with its reason. Load is that of a machine of two cores that did other work meanwhile.

| module | decides | mutants | noticed | % | not noticed | seconds | load | commit |
|---|---|---|---|---|---|---|---|---|
${rows.join('\n')}

${untried(modules)}
## Parsers

${inputs} inputs in this run; none broke a promise. The slowest input is in milliseconds of processor time. What broke one earlier is among its seeds (\`test/fuzz/seeds/\`), which each run of CI begins with.

| parser | where | what comes in, and what holds | inputs | slowest | seconds | commit |
|---|---|---|---|---|---|---|
${fuzzed.join('\n')}

## Mutants that no unit test notices

${modules.map(survivorsOf).join('\n')}`;
}

function untried(modules: DeepReport['modules']): string {
  const missing = MODULES.filter(({ name }) => !modules.some((each) => each.name === name));
  const lines = missing.map(({ name, files }) => `- ${name}: ${files.join(', ')}`);
  return missing.length === 0
    ? ''
    : `Not in this report, because too little of it is noticed yet or it was not tried:\n\n${lines.join('\n')}\n`;
}

function survivorsOf({ name, survivors }: DeepReport['modules'][number]): string {
  const lines = survivors.map(
    ({ file, line, from, to, reason }) =>
      `- [${file}:${line}](../../${file}) ${code(from)} → ${to === '' ? 'nothing' : code(to)}: ${reason}`,
  );
  return `### ${name}\n\n${lines.length === 0 ? 'None.' : lines.join('\n')}\n`;
}

function code(source: string): string {
  const fence = source.includes('`') ? '``' : '`';
  const space = source.startsWith('`') || source.endsWith('`') ? ' ' : '';
  return `${fence}${space}${source}${space}${fence}`;
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '100.0' : (Math.floor((1000 * part) / whole) / 10).toFixed(1);
}
