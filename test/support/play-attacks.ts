import { isDeepStrictEqual } from 'node:util';
import { ATTACK_LIMITS } from '../sandbox/attacks/expected.ts';
import { type Attack, attack } from './attack-files.ts';
import type { AttackedHost } from './attacked-host.ts';
import type { Finished } from './sandbox-host.ts';

/** So many sandboxes run beside one another. */
const AT_ONCE = 4;
/** So many attacks are played in a row before the next canary. */
const GROUP = 4;

/** What the harmless run after an attack saw. */
export interface Canary {
  /** Equal in every such run. */
  readonly same: unknown;
  /** Different in every such run. */
  readonly unique: string;
  /** Seconds since 1970 by the sandbox's clock, and when it was asked by the host's. */
  readonly clock: number;
  readonly between: readonly [number, number];
  readonly outcome: Finished['outcome'];
}

export type Played =
  | { readonly ok: true; readonly finished: Finished; readonly next: Canary }
  | { readonly ok: false; readonly error: unknown };

/** Behind its last line an import that no run reaches: a run that will import pandas always gets a warm sandbox. */
const ASKS_FOR_WARM = '\nif False:\n    import pandas\n';

function partsOf(host: AttackedHost, name: string) {
  const { code, files } = attack(name);
  return { ...host.given, files, code: host.asksForWarm ? code + ASKS_FOR_WARM : code };
}

export async function playCanary(host: AttackedHost): Promise<Canary> {
  const before = Date.now() / 1000;
  const finished = await host.sandbox.run(partsOf(host, 'canary'));
  const report = JSON.parse(finished.stdout) as Pick<Canary, 'same' | 'unique' | 'clock'>;
  return { ...report, between: [before, Date.now() / 1000], outcome: finished.outcome };
}

async function play(host: AttackedHost, { name, expected }: Attack): Promise<Finished> {
  const limits = { ...ATTACK_LIMITS, ...expected.limits };
  return host.sandbox.run({ ...partsOf(host, name), limits });
}

/** Plays a few attacks and the canary after them; where it was harmed, each again with a canary of its own. */
async function playGroup(host: AttackedHost, group: readonly Attack[], first: Canary): Promise<Played[]> {
  const finished: Finished[] = [];
  try {
    for (const each of group) finished.push(await play(host, each));
    const next = await playCanary(host);
    if (group.length === 1 || isDeepStrictEqual(next.same, first.same))
      return finished.map((each) => ({ ok: true, finished: each, next }));
  } catch (error) {
    if (group.length === 1) return [{ ok: false, error }];
  }
  const again: Played[] = [];
  for (const each of group) again.push(...(await playGroup(host, [each], first)));
  return again;
}

/** Plays attacks in a few lanes: the neighbours of an attack are other attacks and canaries. */
export async function playAttacks(
  host: AttackedHost,
  attacks: readonly Attack[],
  first: Canary,
): Promise<ReadonlyMap<string, Played>> {
  const played = new Map<string, Played>();
  const left = [...attacks];
  const lane = async () => {
    while (left.length > 0) {
      const group = left.splice(0, GROUP);
      const results = await playGroup(host, group, first);
      for (const [index, { name }] of group.entries()) played.set(name, results[index] as Played);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return played;
}
