import { describe, expect, it } from 'vitest';
import { holdRuns, type Lease } from '../../../executor/hold-runs.ts';
import { newId } from '../../../protocol/ids.ts';
import { EMPTY_STREAM, type Outcome } from '../../../protocol/outcome.ts';

const OUTCOME: Outcome = {
  state: 'succeeded',
  exit_code: 0,
  limit: null,
  error: null,
  message: 'Finished.',
  stdout: EMPTY_STREAM,
  stderr: EMPTY_STREAM,
  outputs: [],
  refused_outputs: [],
  timings: { prepared_ms: 1, first_output_ms: null, finished_ms: 2, reported_ms: 3 },
  usage: { cpu_ms: null, memory_peak_bytes: null },
  sandbox: { engine: 'gvisor', image: `sha256:${'0'.repeat(64)}`, warm: true },
};
const lease = (fence = 1, run = newId('run')): Lease => ({ run, fence });

describe('the runs that an executor holds', () => {
  it('starts a job once, however often it is sent', () => {
    const held = holdRuns();
    const one = lease();
    expect(held.onJob(one)).toEqual({ act: 'start' });
    expect(held.onJob(one)).toEqual({ act: 'ignore' });
    expect(held.holding()).toEqual([one]);
  });

  it('gives up an older attempt for a newer one, and never the other way', () => {
    const held = holdRuns();
    const first = lease(1);
    const second = lease(2, first.run);
    held.onJob(first);
    expect(held.onJob(second)).toEqual({ act: 'replace', held: first });
    expect(held.onJob(first)).toEqual({ act: 'ignore' });
    expect(held.onOutcome(first, OUTCOME)).toBeNull();
    expect(held.onRefused(first, { code: 'fault', reason: 'late' })).toBeNull();
    expect(held.holding()).toEqual([second]);
  });

  it('keeps an outcome until it is recorded, and sends it again for the same job', () => {
    const held = holdRuns();
    const one = lease();
    held.onJob(one);
    const message = held.onOutcome(one, OUTCOME);
    expect(message).toEqual({ type: 'outcome', ...one, outcome: OUTCOME });
    expect(held.unrecorded()).toEqual([message]);
    expect(held.onJob(one)).toEqual({ act: 'resend', message });
    expect(held.onRecorded(one)).toEqual([]);
    expect(held.unrecorded()).toEqual([]);
    expect(held.holding()).toEqual([]);
  });

  it('forgets a refused run at once', () => {
    const held = holdRuns();
    const one = lease();
    held.onJob(one);
    const why = { code: 'no_sandbox', reason: 'no' } as const;
    expect(held.onRefused(one, why)).toEqual({ type: 'refused', ...one, ...why });
    expect(held.holding()).toEqual([]);
  });

  it('says that a run is in vain when a newer attempt was recorded', () => {
    const held = holdRuns();
    const one = lease(1);
    held.onJob(one);
    expect(held.onRecorded(lease(2, one.run))).toEqual([one]);
    expect(held.holding()).toEqual([]);
  });

  it('ignores what carries an older fence', () => {
    const held = holdRuns();
    const two = lease(2);
    held.onJob(two);
    expect(held.cancelled(lease(1, two.run))).toEqual([]);
    expect(held.onRecorded(lease(1, two.run))).toEqual([]);
    expect(held.holding()).toEqual([two]);
    expect(held.cancelled(two)).toEqual([two]);
  });

  it('abandons what runs when the lease is over, and keeps what has ended', () => {
    const held = holdRuns();
    const running = lease();
    const ended = lease();
    held.onJob(running);
    held.onJob(ended);
    held.onOutcome(ended, OUTCOME);
    expect(held.abandonRunning()).toEqual([running]);
    expect(held.holding()).toEqual([ended]);
    expect(held.onOutcome(running, OUTCOME)).toBeNull();
  });

  it('holds a bounded number of outcomes for a pool that does not answer', () => {
    const held = holdRuns();
    for (let index = 0; index < 300; index++) {
      const each = lease();
      held.onJob(each);
      held.onOutcome(each, OUTCOME);
    }
    expect(held.unrecorded()).toHaveLength(256);
  });
});
