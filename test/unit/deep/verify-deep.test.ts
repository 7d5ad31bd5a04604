import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type ParserReport, readDeepReport } from '../../../cli/deep/deep-report.ts';
import { foundLine, isSound } from '../../../cli/deep/print-report.ts';
import { firstChange, mergeReport } from '../../../cli/deep/verify-deep.ts';
import { ROOT_DIR } from '../../../cli/stack/state-paths.ts';

const SEEDS = 'test/fuzz/seeds/json.json';
const before = readDeepReport(readFileSync(join(ROOT_DIR, 'docs/security/deep-report.json'), 'utf8'));
const [first, second] = before.parsers;
if (first === undefined || second === undefined) throw new Error('the report has no parsers');
const find = { input: '{"a"', why: 'it refuses no JSON as none', keptIn: SEEDS };
const broken: ParserReport = { ...first, inputs: 7, finds: [find] };

test('a parser that was broken fails the run, and its row of the report stays as it was', () => {
  const result = { modules: [], parsers: [broken, { ...second, inputs: 8 }] };
  expect(isSound(result)).toBe(false);
  const merged = mergeReport(before, result);
  expect(readDeepReport(JSON.stringify(merged))).toEqual({
    ...before,
    parsers: before.parsers.map((row) => (row.name === second.name ? { ...row, inputs: 8 } : row)),
  });
});

test.each([
  ['an input', find, `found: json  ${find.why}  "{\\"a\\""  (kept in ${SEEDS})`],
  ['none that is known', { input: null, why: 'it hangs', keptIn: null }, 'found: json  it hangs'],
])('a find is told with where its seed lies: %s', (_what, told, line) => {
  expect(foundLine('json', told)).toBe(line);
});

test('seeds that the run itself found are no change, anything else is', () => {
  const dir = mkdtempSync(join(tmpdir(), 'causeway-deep-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: dir });
  mkdirSync(join(dir, 'test/fuzz/seeds'), { recursive: true });
  writeFileSync(join(dir, SEEDS), '[]');
  git('init', '-q');
  git('add', '.');
  git('commit', '-qm', 'a');
  expect(firstChange(dir, [])).toBeNull();
  writeFileSync(join(dir, SEEDS), '["{"]');
  expect(firstChange(dir, [])).toContain(SEEDS);
  expect(firstChange(dir, [SEEDS])).toBeNull();
  writeFileSync(join(dir, 'test/fuzz/seeds/form.json'), '[]');
  expect(firstChange(dir, [SEEDS])).toContain('form.json');
});
