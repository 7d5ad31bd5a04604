import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readDeepReport } from '../../../cli/deep/deep-report.ts';
import { judgeDeepReport } from '../../../cli/gate/deep-report.ts';
import { ROOT_DIR } from '../../../cli/stack/state-paths.ts';

const TEXT = readFileSync(join(ROOT_DIR, 'docs/security/deep-report.json'), 'utf8');
const { modules, parsers } = readDeepReport(TEXT);
const COMMITS = new Set([...modules, ...parsers].map(({ seen }) => seen.commit));
// biome-ignore lint/suspicious/noExplicitAny: the tests below break its form
type Any = any;
const changed = (change: (report: Any) => void) => {
  const report: Any = JSON.parse(TEXT);
  change(report);
  return judgeDeepReport(JSON.stringify(report), COMMITS).join('\n');
};

test('the report of this repository is whole', () => {
  expect(judgeDeepReport(TEXT, COMMITS)).toEqual([]);
});

test('a shallow clone, which has few commits, takes the report as it is', () => {
  expect(judgeDeepReport(TEXT, null)).toEqual([]);
});

describe('a report is refused', () => {
  test.each<[string, (report: Any) => void, string]>([
    ['without a file of one', ({ modules }) => modules[1].files.pop(), 'was not tried'],
    ['without a parser', ({ parsers }) => parsers.shift(), 'json was not fuzzed'],
    ['that names no commit', ({ modules }) => (modules[0].seen.commit = 'main'), 'commit'],
    [
      'that names a commit which was lost when its branch was rebased',
      ({ modules }) => (modules[0].seen.commit = 'a'.repeat(40)),
      'is no commit of this history',
    ],
    [
      'with a survivor that it does not list',
      ({ modules }) => modules[0].files[0].noticed--,
      'what was not noticed is listed',
    ],
    [
      'in which too few were noticed',
      ({ modules: [{ files, survivors }] }) => {
        const missed = Math.ceil(files[0].mutants / 2);
        for (const file of files.slice(1)) file.mutants = file.noticed = 0;
        files[0].noticed = files[0].mutants - missed;
        survivors.length = 0;
        for (let count = 0; count < missed; count++)
          survivors.push({ file: 'a', line: 1, code: '', from: '', to: '', reason: 'r'.repeat(20) });
      },
      'at least 90 %',
    ],
    [
      'with a survivor without a reason',
      ({ modules: [first] }) => {
        first.files[0].mutants++;
        first.survivors.push({ file: 'a', line: 1, code: '', from: '', to: '', reason: '' });
      },
      'each survivor has a reason',
    ],
    ['with a find', ({ parsers }) => parsers[0].finds.push({ input: '{', why: 'it broke' }), 'finds'],
    ['with a module twice', ({ modules }) => modules.push(modules[0]), 'twice'],
    ['that is no report', (report) => delete report.parsers, 'parsers'],
  ])('%s', (_what, change, fault) => {
    expect(changed(change)).toContain(fault);
  });
});
