import { describe, expect, test } from 'vitest';
import { limit } from '../../../protocol/limits.ts';
import type { Outcome } from '../../../protocol/outcome.ts';
import { TERMINAL_STATES } from '../../../protocol/run-state.ts';
import type { RunSummary } from '../../../worker/database/runs.ts';
import type { LiveState } from '../../../worker/runs/pool/live-state.ts';
import { presentRun } from '../../../worker/runs/present-run.ts';
import { openRun, type RunNow, type StoredRun, seeRun, seeSummary } from '../../../worker/sight/see-run.ts';
import { unseen } from '../../../worker/sight/unseen.ts';
import { succeeded } from '../../support/played-outcome.ts';

const CANARY = 'zq7318450';
const PAGE = 'https://causeway.example/runs/ten_x/run_x';
const stream = { inline: CANARY, bytes: 7, kept_bytes: 7, truncated: false, sha256: 'a'.repeat(64) };
const output = (name: string, type: string) => ({ name, bytes: 7, sha256: 'b'.repeat(64), media_type: type });

/** An end that tells of the data in every field that a program has a hand in. */
const telling: Outcome = {
  ...(succeeded() as Outcome),
  exit_code: 45,
  message: CANARY,
  error: { type: CANARY, message: CANARY, path: CANARY, line: 45 },
  stdout: stream,
  stderr: stream,
  outputs: [output(`${CANARY}.csv`, 'text/csv'), output(`${CANARY}.png`, 'image/png'), output(CANARY, 'x/y')],
  refused_outputs: [{ name: CANARY, reason: CANARY }],
  timings: { prepared_ms: 45, first_output_ms: 45, finished_ms: 4501.45, reported_ms: 4545 },
  usage: { cpu_ms: 45, memory_peak_bytes: 45 },
};
const manifest = {
  commit: 'c'.repeat(40),
  entry: 'model.py',
  image: `sha256:${'d'.repeat(64)}`,
  data: [{ name: 'pay', source: 'dat_x', sha256: 'e'.repeat(64), bytes: 45, format: 'csv' }],
  parameters: {},
} as unknown as StoredRun['manifest'];
const stored = (withheld: boolean, outcome: Outcome | null) =>
  unseen<StoredRun>({ run: 'run_x', manifest, withheld, outcome });
const shown = (withheld: boolean, outcome: Outcome | null, now: RunNow = {}) =>
  presentRun(seeRun(stored(withheld, outcome), PAGE, now));

describe('a withheld run', () => {
  test('says nothing that its program had a hand in, but how it ended, its seconds and the kinds of its files', () => {
    expect(shown(true, telling)).toEqual({
      run: 'run_x',
      state: 'succeeded',
      message: 'Succeeded.',
      error: null,
      limit: null,
      stdout: { text: '', bytes: 0, truncated: true },
      stderr: { text: '', bytes: 0, truncated: true },
      outputs: [],
      refused_outputs: [],
      timings: { finished_ms: 5000 },
      manifest: {
        ...{ commit: 'c'.repeat(40), entry: 'model.py', image: `sha256:${'d'.repeat(64)}` },
        data: [{ name: 'pay' }],
        absent_packages: [],
      },
      withheld: { outputs: { tables: 'one', images: 'one', others: 'one' }, page: PAGE },
      hint: expect.stringMatching(/run_x, which shows all.*data: \[\] is none/),
    });
  });

  test.each(TERMINAL_STATES)('that ended as %s says so by the same sentence for every program', (state) => {
    const [one, other] = ['one', 'other'].map((message) => shown(true, { ...telling, state, message }));
    expect(one).toEqual(other);
    expect(one?.state).toBe(state);
    expect(JSON.stringify(one)).not.toContain(CANARY);
  });

  test('names the limit that ended it, and none that it went on after', () => {
    const printed = { name: 'run_stream_bytes', value: limit('run_stream_bytes') } as const;
    expect(shown(true, { ...telling, limit: printed }).limit).toBe(null);
    expect(shown(true, { ...telling, state: 'failed', limit: printed }).limit).toBe(null);
    const time = { name: 'run_wall_ms', value: 1000 } as const;
    expect(shown(true, { ...telling, state: 'timed_out', limit: time }).limit).toMatchObject(time);
  });

  test.each([
    [0, 'none'],
    [1, 'one'],
    [2, 'several'],
    [250, 'several'],
  ])('that left %i files of a kind says %s', (count, said) => {
    const outputs = Array.from({ length: count }, (_, n) => output(`${n}`, 'text/csv'));
    const { withheld } = shown(true, { ...telling, outputs }) as unknown as {
      withheld: { outputs: { tables: string } };
    };
    expect(withheld.outputs.tables).toBe(said);
  });

  test('says no more when its pool tells the end than when the database does, and nothing of what it says while it runs', () => {
    expect(shown(true, null, { outcome: unseen(telling) })).toEqual(shown(true, telling));
    const said = { stdout: CANARY, stderr: CANARY, progress: { done: 45, total: 46, message: CANARY } };
    const live: LiveState = {
      state: 'running',
      ahead: null,
      waitsFor: null,
      attempt: 1,
      queuedAt: 0,
      startedAt: 1,
      cancelRequested: false,
    };
    expect(shown(true, null, { live, soFar: said })).toEqual(shown(true, null, { live }));
    expect(JSON.stringify(shown(false, null, { live, soFar: said }))).toContain(CANARY);
  });

  test('is opened for nobody from whom it is withheld', () => {
    expect(() => openRun(stored(true, telling), PAGE)).toThrow(expect.objectContaining({ code: 'withheld' }));
    expect(openRun(stored(false, telling), PAGE).outcome).toBe(telling);
  });

  test('stands in a list with its state, its second and the same sentence for every program', () => {
    const row: Omit<RunSummary, 'withheld'> = {
      run: 'run_x',
      agentSees: 'schema_only',
      entry: 'model.py',
      kind: 'model',
      commit: null,
      state: 'failed',
      createdAt: '2026-11-22T10:00:00.123Z',
      finishedAt: '2026-11-22T10:00:05.456Z',
      message: CANARY,
      parameters: {},
      outputs: 45,
    };
    const inList = (withheld: boolean) => seeSummary(unseen<RunSummary>({ ...row, withheld }));
    expect(inList(true)).toMatchObject({
      ...{ state: 'failed', message: 'Failed.', outputs: null, finishedAt: '2026-11-22T10:00:06Z' },
    });
    expect(inList(false)).toMatchObject({ message: CANARY, outputs: 45 });
  });
});
