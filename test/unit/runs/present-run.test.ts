import { describe, expect, test } from 'vitest';
import type { Manifest } from '../../../protocol/manifest.ts';
import { soFar } from '../../../worker/runs/feed/so-far.ts';
import { presentRun } from '../../../worker/runs/present-run.ts';
import { runLimits, SEEDS } from '../../../worker/runs/run-limits.ts';
import { succeeded } from '../../support/played-outcome.ts';

const manifest = {
  version: 1,
  kind: 'model',
  project: 'prj_x',
  commit: 'c'.repeat(40),
  entry: 'model.py',
  files: [],
  data: [],
  parameters: {},
  image: `sha256:${'a'.repeat(64)}`,
  absent: ['polars'],
  limits: runLimits({}),
  seeds: { ...SEEDS, source_date_epoch: 1 },
} as unknown as Manifest;
const live = {
  state: 'running',
  ahead: null,
  waitsFor: null,
  attempt: 1,
  queuedAt: 0,
  startedAt: 1,
  cancelRequested: false,
} as const;
const active = { sight: 'all' as const, run: 'run_x', manifest, outcome: null, live, soFar: null };

describe('what an agent is told of a run', () => {
  test('an active run says how to wait for it', () => {
    const shown = presentRun(active);
    expect([shown.state, shown.message]).toEqual(['running', 'Running.']);
    expect(shown.hint).toBe('Call get_run with run="run_x" and wait_seconds=45 for its end.');
  });

  test('a running one says how far it is, and the end of what it printed', () => {
    const said = soFar([
      { kind: 'stdout', sequence: 1, at_ms: 0, text: `${'x'.repeat(5000)}end` },
      { kind: 'progress', sequence: 2, at_ms: 0, done: 3, total: 12, message: 'March' },
    ]);
    const shown = presentRun({ ...active, soFar: said });
    expect(shown.message).toBe('Running: 3 of 12, March.');
    expect(shown.stdout.text.endsWith('end')).toBe(true);
    expect(shown.stdout.text.length).toBe(4096);
  });

  test('nothing that is shown of it ends or begins inside a character', () => {
    const { stdout } = soFar([{ kind: 'stdout', sequence: 1, at_ms: 0, text: `${'😀'.repeat(3000)}x` }]);
    expect([stdout.length, stdout.isWellFormed()]).toEqual([4096, true]);
  });

  test.each([
    [{ ...live, state: 'queued' as const, ahead: 2 }, 'Queued, 2 before it.'],
    [
      { ...live, state: 'queued' as const, ahead: 0, waitsFor: 'no connected executor has region=eu' },
      'Queued, 0 before it: no connected executor has region=eu.',
    ],
    [{ ...live, state: 'leased' as const }, 'Being prepared by an executor.'],
    [{ ...live, attempt: 2 }, 'Running. Attempt 2.'],
    [{ ...live, cancelRequested: true }, 'Being cancelled.'],
    [null, 'Queued.'],
  ])('%j reads as %s', (state, message) => {
    expect(presentRun({ ...active, live: state }).message).toBe(message);
  });

  test('a limit that ended it is named with its value and what it bounds', () => {
    const outcome = {
      ...succeeded(),
      state: 'timed_out' as const,
      limit: { name: 'run_wall_ms' as const, value: 1000 },
    };
    expect(presentRun({ ...active, outcome, live: null }).limit).toEqual({
      name: 'run_wall_ms',
      value: 1000,
      says: 'wall time of a run; a run may ask for less',
    });
  });

  test('what has expired of it is told until when it was kept, and how to get it again', () => {
    const outputs = Array.from({ length: 12 }, (_, n) => ({
      ...{ name: `${n}.csv`, bytes: 3, media_type: 'text/csv', digest: 'a'.repeat(64) },
    }));
    const hintOf = (expired: object) =>
      presentRun({ ...active, live: null, outcome: { ...succeeded('done'), expired } }).hint;
    expect(hintOf({ outputs_at: '2026-01-02', outputs: outputs.slice(0, 2) })).toBe(
      'What it left (`0.csv`, `1.csv`) was kept until 2026-01-02. Run it again for another one: the program and what it was made of are still there.',
    );
    expect(hintOf({ outputs_at: '2026-01-02', outputs })).toContain('`9.csv`, and 2 more)');
    expect(hintOf({ log_at: '2026-01-03' })).toMatch(/^What it printed was kept until 2026-01-03\. Run it/);
    expect(hintOf({})).toBeNull();
  });

  test.each([
    ['ModuleNotFoundError', 'Nothing can be installed'],
    ['FileNotFoundError', 'Data lies at /data/<name>/'],
    ['PermissionError', 'Only /outputs and /tmp can be written'],
    ['socket.gaierror', 'A run has no network'],
    ['urllib.error.URLError', 'A run has no network'],
    ['toString', null],
    ['ValueError', null],
  ])('of a %s that the sandbox caused it is told what to do', (type, begins) => {
    const error = { type, message: 'No', path: 'a.py', line: 1 };
    const outcome = { ...succeeded(), state: 'failed' as const, error };
    const { hint } = presentRun({ ...active, live: null, outcome });
    expect(hint).toEqual(begins === null ? null : expect.stringContaining(begins));
  });

  test('a run that succeeded and said nothing is told how to say something', () => {
    const hintOf = (text: string) => presentRun({ ...active, live: null, outcome: succeeded(text) }).hint;
    expect(hintOf('')).toMatch(/^It printed nothing and left no file/);
    expect(hintOf('12 rows')).toBeNull();
  });

  test('packages that its image lacks are named', () => {
    expect(presentRun(active).manifest.absent_packages).toEqual(['polars']);
  });
});
