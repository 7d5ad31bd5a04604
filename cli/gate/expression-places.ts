import { type CharSet, ENFA, JS } from 'refa';

/** A place of the expression that reads one character, with the places that may read the next one. */
export interface Place {
  readonly reads: CharSet;
  readonly next: Set<Place>;
  /** Those of `next` that it leads to on more than one way, in which nothing is read. */
  readonly nextTwice: Set<Place>;
}

type Step = readonly [ENFA.Node, ENFA.Node];

/** An expression as the places in it that read. */
export interface Places {
  readonly all: readonly Place[];
  /** Those that may read the first character. */
  readonly first: readonly Place[];
  /** Those behind which nothing has to follow. */
  readonly last: ReadonlySet<Place>;
  /** Where it is tried: everywhere in a text, where a word or a line begins, or once: at its beginning, or where it was left. */
  readonly tried: 'anywhere' | 'at_words' | 'at_lines' | 'once';
}

/**
 * Assertions are passed over, as if they held. A repetition of up to `endless` counts as one without an end. Throws where the
 * expression cannot be judged.
 */
export function placesOf(
  { pattern, flags }: { readonly pattern: string; readonly flags: string },
  endless: number,
): Places {
  const parser = JS.Parser.fromLiteral({ source: pattern, flags });
  const { expression, maxCharacter } = parser.parse({
    assertions: 'ignore',
    backreferences: 'disable',
    simplify: false,
  });
  const automaton = ENFA.fromRegex(expression, { maxCharacter }, { infinityThreshold: endless });
  const placesAt = new Map<ENFA.Node, Place[]>();
  const ends = new Map<Place, ENFA.Node>();
  for (const node of automaton.nodes())
    for (const [to, reads] of node.out) {
      if (reads === null) continue;
      const place = { reads, next: new Set<Place>(), nextTwice: new Set<Place>() };
      placesAt.set(node, [...(placesAt.get(node) ?? []), place]);
      ends.set(place, to);
    }
  const last = new Set<Place>();
  for (const [place, end] of ends) {
    const ways = waysFrom(end);
    if (ways.includes(automaton.final)) last.add(place);
    for (const next of ways.flatMap((node) => placesAt.get(node) ?? []))
      (place.next.has(next) ? place.nextTwice : place.next).add(next);
  }
  const first = [...new Set(waysFrom(automaton.initial).flatMap((node) => placesAt.get(node) ?? []))];
  return { all: [...ends.keys()], first, last, tried: whereTried(parser.ast) };
}

function whereTried({ flags, pattern }: JS.RegexppAst): Places['tried'] {
  const begins = pattern.alternatives.map(({ elements: [first] }) => first);
  const allBegin = (kind: 'start' | 'word') =>
    begins.every((first) => first?.type === 'Assertion' && first.kind === kind);
  if (flags.sticky) return 'once';
  if (allBegin('start')) return flags.multiline ? 'at_lines' : 'once';
  return allBegin('word') ? 'at_words' : 'anywhere';
}

/** The ends of all ways from a node on which nothing is read and no step is done twice: once for each way. */
function waysFrom(node: ENFA.Node, done: readonly Step[] = []): readonly ENFA.Node[] {
  const steps = [...node.out].filter(([, reads]) => reads === null).map(([to]): Step => [node, to]);
  const left = steps.filter(([from, to]) => !done.some((step) => step[0] === from && step[1] === to));
  return [node, ...left.flatMap((step) => waysFrom(step[1], [...done, step]))];
}

/** The places that lead to each other, of each loop. */
export function loopsOf(places: readonly Place[]): readonly ReadonlySet<Place>[] {
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
