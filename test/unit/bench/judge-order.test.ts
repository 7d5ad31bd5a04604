import { describe, expect, it } from 'vitest';
import { judgeOrder } from '../../../bench/run/judge-order.ts';

/** Runs of tenants a and b, queued in this order, leased in that of their numbers. */
const turns = (text: string) =>
  text.split(' ').map((each, queuedAt) => ({
    tenant: each.slice(0, 1),
    queuedAt,
    leasedAt: Number(each.slice(1)),
  }));

describe('the order of turns', () => {
  it.each([
    ['each tenant in its order, in turn', 'a1 a3 b2 b4', { overtakers: 0, leadMax: 1 }],
    ['one tenant first', 'a1 a2 a3 b4 b5', { overtakers: 0, leadMax: 2 }],
    ['one that was queued last is served first', 'a2 a3 a1', { overtakers: 1, leadMax: 0 }],
    ['all backwards', 'a3 a2 a1', { overtakers: 2, leadMax: 0 }],
  ])('%s', (_, text, expected) => {
    expect(judgeOrder(turns(text))).toEqual(expected);
  });
});
