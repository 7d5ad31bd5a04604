import { describe, expect, it } from 'vitest';
import { judgeOrder } from '../../../bench/run/judge-order.ts';

/** Runs of tenants a and b, leased in the order of their numbers; `@` says when one is queued, others are before all leases. */
const turns = (text: string) =>
  text.split(' ').map((each, at) => {
    const [lease = '', queued] = each.slice(1).split('@');
    return {
      tenant: each.slice(0, 1),
      queuedAt: queued === undefined ? at - 100 : Number(queued),
      leasedAt: Number(lease),
    };
  });

describe('the order of turns', () => {
  it.each([
    ['each tenant in its order, in turn', 'a1 a3 b2 b4', { overtakers: 0, leadMax: 1 }],
    ['one tenant first', 'a1 a2 a3 b4 b5', { overtakers: 0, leadMax: 3 }],
    ['two for one', 'a1 a2 b3 a4 a5 b6', { overtakers: 0, leadMax: 3 }],
    ['one tenant before another has queued anything', 'a1 a2 a3 a4 b5@4.5', { overtakers: 0, leadMax: 0 }],
    ['one that was queued last is served first', 'a2 a3 a1', { overtakers: 1, leadMax: 0 }],
    ['all backwards', 'a3 a2 a1', { overtakers: 2, leadMax: 0 }],
  ])('%s', (_, text, expected) => {
    expect(judgeOrder(turns(text))).toEqual(expected);
  });
});
