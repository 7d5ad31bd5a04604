import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkOutputName } from '../../executor/output-name.ts';
import type { Offer } from '../../protocol/messages.ts';
import { outcomeSchema } from '../../protocol/outcome.ts';
import { type Attack, attack, attackFiles, attacksUnder, gotThrough } from '../support/attack-files.ts';
import { type AttackedHost, startAttackedHost } from '../support/attacked-host.ts';
import { ENGINES } from '../support/engines.ts';
import { type Canary, type Played, playAttacks, playCanary } from '../support/play-attacks.ts';
import type { Finished } from '../support/sandbox-host.ts';
import type { Expected } from './attacks/expected.ts';

const MIB = 1024 * 1024;
const OUTCOME_CHARS_MAX = 256 * 1024;
/** Played by a test of their own: they need each other. */
const PLAYED_TOGETHER = ['residue/hold_open', 'residue/reach_neighbour'];

it.each(ENGINES)(
  'every attack of the folder is played under %s, and there are more than a hundred',
  (engine) => {
    const played = [...attacksUnder(engine).map(({ name }) => name), ...PLAYED_TOGETHER];
    expect(played.sort()).toEqual(attackFiles().sort());
    expect(played.length).toBeGreaterThan(100);
  },
);

/** What the row of this attack says. */
function expectEnd({ outcome, stdout, stderr, job }: Finished, expected: Expected): void {
  expect(expected.ends ?? ['succeeded'], outcome.message).toContain(outcome.state);
  if (expected.exitCode !== undefined) expect(outcome.exit_code).toBe(expected.exitCode);
  if (expected.limit !== undefined && expected.limit !== 'any')
    expect(outcome.limit?.name, outcome.message).toBe(expected.limit);
  if (expected.limit === undefined && (expected.ends?.length ?? 1) === 1) expect(outcome.limit).toBeNull();
  const own: Readonly<Record<string, number>> = Object.fromEntries(
    Object.entries(job.manifest.limits).map(([name, value]) => [`run_${name}`, value]),
  );
  if (outcome.limit !== null && outcome.limit.name in own)
    expect(outcome.limit.value).toBe(own[outcome.limit.name]);
  if (expected.message !== undefined) expect(outcome.message).toMatch(expected.message);
  if (expected.refused) {
    expect(gotThrough(stdout)).toEqual([]);
    expect(stderr).not.toContain('Traceback');
  }
  for (const pattern of expected.says ?? []) expect(stdout).toMatch(pattern);
  for (const pattern of expected.never ?? []) expect(stdout).not.toMatch(pattern);
  if (expected.outputs !== undefined)
    expect(outcome.outputs.map(({ name }) => name)).toEqual(expected.outputs);
  if (expected.refusedOutputs !== undefined)
    expect(Object.fromEntries(outcome.refused_outputs.map(({ name, reason }) => [name, reason]))).toEqual(
      expected.refusedOutputs,
    );
}

/** What is true of whatever a program does. */
function expectBounded({ outcome, job }: Finished): void {
  const { limits } = job.manifest;
  expect(outcome.usage.memory_peak_bytes).toBeLessThanOrEqual(limits.memory_bytes + MIB);
  const ranMs = outcome.timings.finished_ms - outcome.timings.prepared_ms;
  expect(outcome.usage.cpu_ms).toBeLessThan((ranMs + 500) * limits.cpu_cores * 1.3);
  expect(outcome.outputs.length).toBeLessThanOrEqual(256);
  for (const { name } of outcome.outputs)
    expect(checkOutputName(name.split('/').map((part) => Buffer.from(part)))).toEqual({ ok: true, name });
}

/** A message that the other end drops, or a text that no database takes, would leave the run without an end. */
function expectRecordable({ outcome }: Finished): void {
  expect(outcomeSchema.safeParse(outcome).error).toBeUndefined();
  const text = JSON.stringify(outcome);
  expect(text.length).toBeLessThan(OUTCOME_CHARS_MAX);
  expect(text).not.toMatch(/\\u0000|\\ud[89a-f][0-9a-f]{2}/);
  expect(outcome.message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(outcome.message.length).toBeLessThan(3000);
}

function expectSilent(finished: Finished, secrets: readonly string[]): void {
  const { outputs } = finished.outcome;
  const left = outputs.map(({ name }) => finished.output(name).toString('latin1'));
  const seen = [finished.stdout, finished.stderr, JSON.stringify(finished.outcome), ...left].join('\n');
  for (const secret of secrets) expect(seen).not.toContain(secret);
}

/** runc shares the host's kernel, whose list of mounts names the folders that are bound into a sandbox. */
function pathsHiddenBy(engine: Offer['engine'], host: AttackedHost): string[] {
  return engine === 'docker-runc' ? [] : [host.sandbox.stateDir, process.cwd()];
}

function expectUnharmed(next: Canary, first: Canary): void {
  expect(next.outcome).toMatchObject({ state: 'succeeded', limit: null });
  expect(next.outcome.outputs.map(({ name }) => name)).toEqual(['canary.txt']);
  expect(next.same).toEqual(first.same);
  const [before, after] = next.between;
  expect(next.clock).toBeGreaterThan(before - 1);
  expect(next.clock).toBeLessThan(after + 1);
}

/**
 * Copies of a snapshot are another way into a sandbox, with limits that are set on one that lives already. What forks, or
 * fills what belongs to each process, meets the small memory of an attack first there, where pandas is in every process.
 */
const IN_COPIES = /^(network|privileges|kernel|memory|outputs|streams|residue)\//;
const WAYS = [
  ...ENGINES.map((engine) => ({ engine, warm: 0, way: engine, attacks: attacksUnder(engine) })),
  {
    ...({ engine: 'gvisor', warm: 4, way: 'gvisor in copies of a snapshot' } as const),
    attacks: attacksUnder('gvisor').filter(({ name }) => IN_COPIES.test(name)),
  },
] as const;

describe.each(WAYS)("Mallory's attacks under $way", ({ engine, warm, attacks }) => {
  let host: AttackedHost;
  let first: Canary;
  let before: unknown;
  let played: ReadonlyMap<string, Played>;
  beforeAll(async () => {
    host = await startAttackedHost(engine, warm);
    first = await playCanary(host);
    before = host.look();
    played = await playAttacks(host, attacks, first);
  }, 600_000);
  afterAll(() => host.stop());

  it.each(attacks)(
    '$name harms nobody, learns nothing, and leaves the next run unharmed',
    ({ name, expected }: Attack) => {
      const result = played.get(name);
      if (!result?.ok) throw result?.error;
      const { finished, next } = result;
      expect(finished.outcome.sandbox.warm).toBe(warm > 0);
      expectEnd(finished, expected);
      expectBounded(finished);
      expectRecordable(finished);
      const { secret, sandbox } = host;
      const { tenant, run } = finished.job;
      expectSilent(finished, [secret, tenant, run, sandbox.peer.url, ...pathsHiddenBy(engine, host)]);
      expectUnharmed(next, first);
    },
  );

  it('no two runs were given the same random bytes', () => {
    const canaries = new Set([...played.values()].flatMap((each) => (each.ok ? [each.next] : [])));
    expect(new Set([...canaries].map(({ unique }) => unique)).size).toBe(canaries.size);
  });

  it('two runs at the same time cannot reach each other', async () => {
    const cancel = new AbortController();
    const held = { ...attack('residue/hold_open'), ...host.given, isFollowed: true };
    const alice = host.sandbox.run(held, cancel.signal);
    await expect.poll(() => JSON.stringify([...host.sandbox.peer.feeds.values()])).toContain('alice runs');
    const mallory = await host.sandbox.run({ ...attack('residue/reach_neighbour'), ...host.given });
    cancel.abort('cancel');
    expect(gotThrough(mallory.stdout)).toEqual([]);
    expect((await alice).outcome.state).toBe('cancelled');
  });

  it('the host is what it was: it heard no packet, and no process or byte of it changed', () => {
    expect(host.look()).toEqual(before);
    expect(host.look()).toMatchObject({ heard: 0, victim: [null, null] });
  });

  it('nothing of all these runs is left on the host: no mount, cgroup or folder', async () => {
    await host.sandbox.pool.drain();
    expect(host.remains()).toEqual([]);
  });
});
