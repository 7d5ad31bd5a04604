import { CharSet } from 'refa';
import { loopsOf, type Place, type Places } from './expression-places.ts';

/** Each character is read so often at most where no more of them are read from each beginning. */
export const READ_ANEW_MAX = 64;

/**
 * Whether a search for the expression can read the rest of a text again from each of many beginnings: then some text leads
 * from its beginning to a place, from there back to it, and something has still to follow, which need not come. Pure.
 */
export function isSearchedAnew({ all, first, last, tried }: Places): boolean {
  if (tried === 'once') return false;
  return loopsOf(all)
    .filter((loop) => ![...loop].some((place) => last.has(place)))
    .some((loop) =>
      [...loop].some((place) => mayEndBefore(tried, place.reads) && isBegunWithin(place, loop, first)),
    );
}

/** Whether one text leads both from the beginning to `place` and from `place` back to it. */
function isBegunWithin(place: Place, loop: ReadonlySet<Place>, first: readonly Place[]): boolean {
  const seen = new Map<Place, Set<Place>>();
  const waiting: (readonly [Iterable<Place>, Iterable<Place>])[] = [[first, place.next]];
  for (let nexts = waiting.pop(); nexts !== undefined; nexts = waiting.pop())
    for (const begun of nexts[0])
      for (const within of nexts[1]) {
        if (!loop.has(within) || begun.reads.isDisjointWith(within.reads)) continue;
        if (begun === place && within === place) return true;
        const others = seen.get(begun) ?? new Set();
        if (others.has(within)) continue;
        seen.set(begun, others.add(within));
        waiting.push([begun.next, within.next]);
      }
  return false;
}

/** With `iu` what is equal to a letter of these is one of them too. */
const WORD_CHARACTERS = ['09', 'AZ', '__', 'az', '\u017f\u017f', '\u212a\u212a'];
const LINE_ENDS = ['\n\n', '\r\r', '\u2028\u2029'];

/** Whether one of the characters may stand before what is tried. */
function mayEndBefore(tried: Places['tried'], reads: CharSet): boolean {
  if (tried === 'at_words') return !reads.isSubsetOf(characters(WORD_CHARACTERS, reads));
  return tried === 'anywhere' || !reads.isDisjointWith(characters(LINE_ENDS, reads));
}

function characters(ranges: readonly string[], { maximum }: CharSet): CharSet {
  return CharSet.empty(maximum).union(
    ranges.map((ends) => ({ min: ends.charCodeAt(0), max: ends.charCodeAt(1) })),
  );
}
