import { expect, test } from 'vitest';
import { assign, turnsOf } from '../../../worker/runs/pool/assign.ts';
import { runsBefore } from '../../../worker/runs/pool/runs-before.ts';
import { seeded } from '../../support/seeded.ts';

const IMAGE = 'sha256:a';

test('so many runs are said to be before each one that waits as are given slots before it', () => {
  const random = seeded(1);
  const below = (max: number) => Math.floor(random() * max);
  for (let times = 0; times < 300; times++) {
    const waiting = Array.from({ length: 1 + below(30) }, (_, n) => ({
      run: `r${n}`,
      tenant: `t${below(4)}`,
      user: `u${below(3)}`,
      lane: 'run' as const,
      own: false,
      image: IMAGE,
      labels: {},
      tried: [],
    }));
    const servedAt = new Map<string, number>();
    for (let turn = 1; turn < below(8); turn++)
      for (const name of turnsOf({ tenant: `t${below(4)}`, user: `u${below(3)}` })) servedAt.set(name, turn);
    const hosts = [{ executor: 'e', image: IMAGE, labels: {}, free: waiting.length }];
    const order = assign({
      waiting,
      hosts,
      held: new Map(),
      servedAt,
      heldMaxPerTenant: Number.POSITIVE_INFINITY,
    });
    expect(waiting.map(({ run }) => runsBefore(waiting, run, servedAt))).toEqual(
      waiting.map(({ run }) => order.findIndex((each) => each.run === run)),
    );
  }
});
