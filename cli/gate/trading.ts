import { loopsOf, type Place, type Places } from './expression-places.ts';

/** Up to so many repetitions cost no more than that many times what the text is long. */
export const TRADED_MAX = 64;

type Loop = ReadonlySet<Place>;

/**
 * Whether a text that is repeated can be split between two loops at each of its ends: then it leads around in one, around in a
 * later one, and from that to this (Weber and Seidl 1991, "IDA"). Found as well where nothing can fail behind the second loop,
 * which costs nothing. Pure.
 */
export function isTrading({ all }: Places): boolean {
  const loops = loopsOf(all);
  return loops.some((first) =>
    loops.some(
      (second) => first !== second && pairsOf(first, second).some((pair) => isTraded(pair, first, second)),
    ),
  );
}

function pairsOf(first: Loop, second: Loop): readonly (readonly [Place, Place])[] {
  return [...first].flatMap((left) => [...second].map((right) => [left, right] as const));
}

/** Whether one text leads from `left` to itself, from it to `right`, and from that to itself. */
function isTraded([left, right]: readonly [Place, Place], first: Loop, second: Loop): boolean {
  const seen = new Map<Place, Map<Place, Set<Place>>>();
  const waiting: (readonly [Place, Place, Place])[] = [[left, left, right]];
  for (let triple = waiting.pop(); triple !== undefined; triple = waiting.pop())
    for (const one of triple[0].next) {
      if (!first.has(one)) continue;
      for (const three of triple[2].next) {
        if (!second.has(three)) continue;
        const both = one.reads.intersect(three.reads);
        for (const two of triple[1].next) {
          if (both.isDisjointWith(two.reads)) continue;
          if (one === left && two === right && three === right) return true;
          const byTwo = seen.get(one) ?? new Map<Place, Set<Place>>();
          const threes = byTwo.get(two) ?? new Set<Place>();
          if (threes.has(three)) continue;
          seen.set(one, byTwo.set(two, threes.add(three)));
          waiting.push([one, two, three]);
        }
      }
    }
  return false;
}
