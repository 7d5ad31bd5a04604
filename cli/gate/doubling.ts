import { loopsOf, type Place, type Places } from './expression-places.ts';

type Pair = readonly [Place, Place];

/** What doubles sixteen times is too much already. */
export const DOUBLED_MAX = 16;

/**
 * Whether some text is read in twice as many ways each time that it is repeated: then a place of the expression leads back
 * to itself by one text on two ways (Weber and Seidl 1991, "EDA"). Pure.
 */
export function isDoubling({ all }: Places): boolean {
  return loopsOf(all).some((loop) => [...loop].some((place) => isSplitAndJoined(place, loop)));
}

/** Whether two ways by one text lead from a place back to it, within its loop. */
function isSplitAndJoined(start: Place, loop: ReadonlySet<Place>): boolean {
  if ([...start.nextTwice].some((next) => loop.has(next))) return true;
  const apart = pairsFrom([start, start], loop).filter(([left, right]) => left !== right);
  // The way there is the same for all; only one of each pair has to be asked for the way back.
  return apart.some((pair) =>
    pairsFrom(pair, loop).some(([left, right]) => left === start && right === start),
  );
}

/** The pairs of places in a loop that a text leads to from a pair. */
function pairsFrom(from: Pair, loop: ReadonlySet<Place>): readonly Pair[] {
  const seen = new Map<Place, Set<Place>>();
  const pairs: Pair[] = [];
  const waiting: Pair[] = [from];
  for (let pair = waiting.pop(); pair !== undefined; pair = waiting.pop())
    for (const left of pair[0].next)
      for (const right of pair[1].next) {
        if (!loop.has(left) || !loop.has(right) || left.reads.isDisjointWith(right.reads)) continue;
        const rights = seen.get(left) ?? new Set();
        if (rights.has(right)) continue;
        seen.set(left, rights.add(right));
        pairs.push([left, right]);
        waiting.push([left, right]);
      }
  return pairs;
}
