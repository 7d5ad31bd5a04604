import { type CharSet, ENFA, JS } from 'refa';

/** A repetition of up to so many counts as one without an end: what doubles sixteen times is too much already. */
const ENDLESS = 16;

/** A place of the expression that reads one character, with the places that may read the next one. */
interface Place {
  readonly reads: CharSet;
  readonly next: Set<Place>;
  /** Those of `next` that it leads to on more than one way, in which nothing is read. */
  readonly nextTwice: Set<Place>;
}

type Pair = readonly [Place, Place];
type Step = readonly [ENFA.Node, ENFA.Node];

/**
 * Whether some text is read in twice as many ways each time that it is repeated: then a place of the expression leads back
 * to itself by one text on two ways (Weber and Seidl 1991, "EDA"). Assertions are passed over, as if they held. Throws where
 * the expression cannot be judged.
 */
export function isDoubling({
  pattern,
  flags,
}: {
  readonly pattern: string;
  readonly flags: string;
}): boolean {
  const parser = JS.Parser.fromLiteral({ source: pattern, flags });
  const { expression, maxCharacter } = parser.parse({
    assertions: 'ignore',
    backreferences: 'disable',
    simplify: false,
  });
  const automaton = ENFA.fromRegex(expression, { maxCharacter }, { infinityThreshold: ENDLESS });
  return loopsOf(placesOf(automaton)).some((loop) =>
    [...loop].some((place) => isSplitAndJoined(place, loop)),
  );
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

/** The places of an automaton, each with those that come next. */
function placesOf(automaton: ENFA): readonly Place[] {
  const placesAt = new Map<ENFA.Node, Place[]>();
  const ends = new Map<Place, ENFA.Node>();
  for (const node of automaton.nodes())
    for (const [to, reads] of node.out) {
      if (reads === null) continue;
      const place = { reads, next: new Set<Place>(), nextTwice: new Set<Place>() };
      placesAt.set(node, [...(placesAt.get(node) ?? []), place]);
      ends.set(place, to);
    }
  for (const [place, end] of ends)
    for (const next of waysFrom(end).flatMap((node) => placesAt.get(node) ?? []))
      (place.next.has(next) ? place.nextTwice : place.next).add(next);
  return [...ends.keys()];
}

/** The ends of all ways from a node on which nothing is read and no step is done twice: once for each way. */
function waysFrom(node: ENFA.Node, done: readonly Step[] = []): readonly ENFA.Node[] {
  const steps = [...node.out].filter(([, reads]) => reads === null).map(([to]): Step => [node, to]);
  const left = steps.filter(([from, to]) => !done.some((step) => step[0] === from && step[1] === to));
  return [node, ...left.flatMap((step) => waysFrom(step[1], [...done, step]))];
}

/** The places that lead to each other, of each loop. */
function loopsOf(places: readonly Place[]): readonly ReadonlySet<Place>[] {
  const reached = new Map(places.map((place) => [place, reachedFrom(place)]));
  const loops: ReadonlySet<Place>[] = [];
  for (const place of places) {
    if (loops.some((loop) => loop.has(place))) continue;
    const loop = [...(reached.get(place) ?? [])].filter((other) => reached.get(other)?.has(place) === true);
    if (loop.length > 0) loops.push(new Set(loop));
  }
  return loops;
}

function reachedFrom(place: Place): ReadonlySet<Place> {
  const reached = new Set(place.next);
  for (const each of reached) for (const next of each.next) reached.add(next);
  return reached;
}
