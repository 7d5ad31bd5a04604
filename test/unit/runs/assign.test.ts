import { describe, expect, test } from 'vitest';
import type { Labels } from '../../../protocol/labels.ts';
import {
  assign,
  type Host,
  type Situation,
  tenantLane,
  type Waiting,
} from '../../../worker/runs/pool/assign.ts';

const IMAGE = 'sha256:a';
const waiting = (run: string, tenant = 'acme', more: Partial<Waiting> = {}): Waiting => ({
  run,
  tenant,
  user: null,
  lane: 'run',
  own: false,
  image: IMAGE,
  labels: {},
  tried: [],
  ...more,
});
const host = (executor: string, free: number, image = IMAGE, labels: Labels = {}): Host => ({
  executor,
  image,
  labels,
  free,
});
const situation = (given: Partial<Situation>): Situation => ({
  waiting: [],
  hosts: [],
  held: new Map(),
  servedAt: new Map(),
  heldMaxPerTenant: 4,
  ...given,
});
const pairs = (given: Partial<Situation>) =>
  assign(situation(given)).map(({ run, executor }) => `${run} to ${executor}`);

describe('who runs what', () => {
  test('nothing is given out without a free slot', () => {
    expect(pairs({ waiting: [waiting('r1')], hosts: [host('e1', 0)] })).toEqual([]);
    expect(pairs({ waiting: [waiting('r1')] })).toEqual([]);
  });

  test('within a tenant the oldest run goes first', () => {
    expect(pairs({ waiting: [waiting('r1'), waiting('r2')], hosts: [host('e1', 1)] })).toEqual(['r1 to e1']);
  });

  test('runs spread to the executor with most free slots', () => {
    expect(pairs({ waiting: [waiting('r1'), waiting('r2')], hosts: [host('e1', 1), host('e2', 2)] })).toEqual(
      ['r1 to e2', 'r2 to e1'],
    );
  });

  test.each([
    ['goes to another', [host('e1', 9), host('e2', 1)], ['r1 to e2']],
    ['waits for another that is full', [host('e1', 9), host('e2', 0)], []],
    ['goes there again where no other is connected', [host('e1', 9)], ['r1 to e1']],
    ['goes there again where no other suits', [host('e1', 9), host('e2', 1, 'sha256:b')], ['r1 to e1']],
  ])('a run that an executor gave up %s', (_, hosts, expected) => {
    expect(pairs({ waiting: [waiting('r1', 'acme', { tried: ['e1'] })], hosts })).toEqual(expected);
  });

  test('tenants take turns, however many runs the first one queued', () => {
    const queue = [...'1234']
      .map((n) => waiting(`acme${n}`))
      .concat(waiting('globex1', 'globex'), waiting('globex2', 'globex'));
    expect(pairs({ waiting: queue, hosts: [host('e1', 4)] }).map((pair) => pair.split(' ')[0])).toEqual([
      'acme1',
      'globex1',
      'acme2',
      'globex2',
    ]);
  });

  test('who was served longest ago is served first', () => {
    const servedAt = new Map([
      ['acme', 7],
      ['globex', 3],
    ]);
    const queue = [waiting('acme1'), waiting('globex1', 'globex'), waiting('new1', 'new')];
    expect(pairs({ waiting: queue, hosts: [host('e1', 2)], servedAt })).toEqual([
      'new1 to e1',
      'globex1 to e1',
    ]);
  });

  test('a tenant never holds more than its share, and its queue does not hold up others', () => {
    const held = new Map([[tenantLane({ tenant: 'acme', lane: 'run' }), 3]]);
    const queue = [waiting('acme1'), waiting('acme2'), waiting('globex1', 'globex')];
    expect(pairs({ waiting: queue, hosts: [host('e1', 9)], held })).toEqual(['acme1 to e1', 'globex1 to e1']);
  });

  test('inspections are counted apart from runs', () => {
    const held = new Map([[tenantLane({ tenant: 'acme', lane: 'run' }), 4]]);
    const look = waiting('look', 'acme', { lane: 'inspect', image: null });
    expect(pairs({ waiting: [waiting('r1'), look], hosts: [host('e1', 2)], held })).toEqual(['look to e1']);
  });

  test('a run goes only where its image is; an inspection goes anywhere', () => {
    const other = host('e1', 2, 'sha256:b');
    expect(pairs({ waiting: [waiting('r1')], hosts: [other] })).toEqual([]);
    expect(
      pairs({ waiting: [waiting('r1'), waiting('look', 'acme', { image: null })], hosts: [other] }),
    ).toEqual(['look to e1']);
  });

  test('a run that no executor can take does not hold up those behind it', () => {
    const queue = [waiting('old', 'acme', { image: 'sha256:gone' }), waiting('r1')];
    expect(pairs({ waiting: queue, hosts: [host('e1', 1)] })).toEqual(['r1 to e1']);
  });

  test('a run goes only where its labels are', () => {
    const hosts = [
      host('us', 5, IMAGE, { region: 'us' }),
      host('eu', 1, IMAGE, { region: 'eu', gpu: 'none' }),
    ];
    const eu = waiting('eu1', 'acme', { labels: { region: 'eu' } });
    expect(pairs({ waiting: [eu, waiting('any')], hosts })).toEqual(['eu1 to eu', 'any to us']);
    expect(pairs({ waiting: [waiting('ap1', 'acme', { labels: { region: 'ap' } })], hosts })).toEqual([]);
    expect(
      pairs({ waiting: [waiting('eu2', 'acme', { labels: { region: 'eu', gpu: 'a100' } })], hosts }),
    ).toEqual([]);
  });

  test('in a pool of its own a tenant has all slots', () => {
    const held = new Map([[tenantLane({ tenant: 'acme', lane: 'run' }), 4]]);
    const own = waiting('r1', 'acme', { own: true });
    expect(pairs({ waiting: [own], hosts: [host('e1', 1)], held })).toEqual(['r1 to e1']);
  });

  test('the people of a tenant take turns, and the tenant has no more turns for having more people', () => {
    const of =
      (user: string, tenant = 'acme') =>
      (n: number) =>
        waiting(`${user}${n}`, tenant, { user });
    const queue = [...[1, 2, 3].map(of('ann')), of('bob')(1), ...[1, 2].map(of('olga', 'globex'))];
    expect(pairs({ waiting: queue, hosts: [host('e1', 6)] }).map((pair) => pair.split(' ')[0])).toEqual([
      'ann1',
      'olga1',
      'bob1',
      'olga2',
      'ann2',
      'ann3',
    ]);
  });

  test('a single run waits for one run at most, whatever another tenant of many people has queued', () => {
    const flood = Array.from({ length: 1000 }, (_, n) =>
      waiting(`flood${n}`, 'acme', { user: `u${n % 50}` }),
    );
    const servedAt = new Map<string, number>();
    // One slot that was just given to the flood; then it is free again and again.
    servedAt.set('acme', 1);
    const [first] = assign(
      situation({ waiting: [...flood, waiting('single', 'globex')], hosts: [host('e1', 1)], servedAt }),
    );
    expect(first?.run).toBe('single');
  });
});
