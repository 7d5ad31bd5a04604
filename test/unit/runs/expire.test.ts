import { describe, expect, test } from 'vitest';
import type { RunId, TenantId } from '../../../protocol/ids.ts';
import { limit } from '../../../protocol/limits.ts';
import { backoffMs, dueAt, judge, STRANDED_MS, withinReach } from '../../../worker/runs/pool/expire.ts';
import { type Lease, newLease, revived } from '../../../worker/runs/pool/lease.ts';

const NOW = 1_000_000;
const LEASE_AND_GRACE_MS = limit('lease_ms') + limit('lease_grace_ms');
const lease = (changes: Partial<Lease>): Lease => ({
  ...newLease({
    pool: 'pol',
    run: 'run' as RunId,
    tenant: 'ten' as TenantId,
    user: null,
    own: false,
    labels: {},
    fence: 1,
    ephemeral: false,
    image: null,
    wallMs: 300_000,
    queuedAt: NOW,
  }),
  ...changes,
});
const leased = (ageMs: number): Partial<Lease> => ({
  phase: 'leased',
  leasedAt: NOW - ageMs,
  leaseUntil: NOW - ageMs + limit('lease_ms'),
});

describe('what time does to a lease', () => {
  test.each<[string, Partial<Lease>, ReturnType<typeof judge>]>([
    ['a queued run waits for ever where an executor could take it', { queuedAt: 0 }, 'keep'],
    ['a queued run that nobody can take waits ten minutes', { strandedSince: NOW - STRANDED_MS + 1 }, 'keep'],
    ['and is then lost', { strandedSince: NOW - STRANDED_MS }, 'stranded'],
    ['a lease holds for its time', leased(limit('lease_ms')), 'keep'],
    ['and for its grace', leased(LEASE_AND_GRACE_MS - 1), 'keep'],
    ['and then its attempt is over', leased(LEASE_AND_GRACE_MS), 'attempt_over'],
    ['a heartbeat keeps it', { ...leased(LEASE_AND_GRACE_MS), leaseUntil: NOW + 1 }, 'keep'],
    [
      'heartbeats do not keep a run beyond its wall time and two minutes',
      { phase: 'running', leasedAt: NOW - 420_000, leaseUntil: NOW + 20_000 },
      'attempt_over',
    ],
    ['a wait for the database has its time', { phase: 'recording', retryAt: NOW + 1 }, 'keep'],
    ['and is asked again', { phase: 'recording', retryAt: NOW }, 'ask_again'],
    ['a retry under way is left alone', { phase: 'retrying', retryAt: null }, 'keep'],
  ])('%s', (_what, changes, verdict) => {
    expect(judge(lease(changes), NOW)).toBe(verdict);
  });

  test('the alarm is set for the moment at which the verdict changes', () => {
    const held = lease(leased(0));
    expect(judge(held, dueAt(held) - 1)).toBe('keep');
    expect(judge(held, dueAt(held))).toBe('attempt_over');
  });

  test.each<[string, Partial<Lease>, ReturnType<typeof judge>]>([
    ['ends when a lease taken now would', leased(-600_000), 'attempt_over'],
    [
      'is asked for as soon as after any failure',
      { phase: 'recording', retryAt: NOW + 600_000 },
      'ask_again',
    ],
    ['is lost as late as if it were stranded now', { strandedSince: NOW + 600_000 }, 'keep'],
  ])('after the clock went back by ten minutes, what it had set %s', (_what, changes, verdict) => {
    const reached = withinReach(lease(changes), NOW);
    expect(judge(reached, NOW + LEASE_AND_GRACE_MS)).toBe(verdict);
    expect(judge(reached, NOW - 1)).toBe('keep');
    expect(withinReach(reached, NOW)).toBe(reached);
  });

  test('the database is left alone longer each time, half a minute at most', () => {
    expect([0, 1, 2, 6, 60].map(backoffMs)).toEqual([500, 1000, 2000, 30_000, 30_000]);
  });
});

test.each<[string, Partial<Lease>, ReturnType<typeof judge>]>([
  ['for the next attempt is asked again', { phase: 'retrying', retryAt: null }, 'ask_again'],
  ['to take an outcome is asked again', { phase: 'recording', retryAt: null }, 'ask_again'],
  ['to take one later is asked now', { phase: 'recording', retryAt: NOW + 30_000 }, 'ask_again'],
  ['nothing is left alone while it is held', leased(0), 'keep'],
])('a pool that restarts: a database that was being asked %s', (_, changes, verdict) => {
  expect(judge(revived(lease(changes)), NOW)).toBe(verdict);
});
