import { type Guarantee, type Proof, plainQuotes, readGuarantees } from '../guarantees/read-guarantees.ts';

/** Promises without a test, and tests that SECURITY.md names and that are not there. `readFile` gives null for no file. */
export function findUnprovenGuarantees(
  securityPage: string,
  readFile: (path: string) => string | null,
): readonly string[] {
  const guarantees = readGuarantees(securityPage);
  if (guarantees.length === 0) return ['SECURITY.md has no table of guarantees'];
  return guarantees.flatMap(({ id, proofs }, index) => {
    const expected = numberOf(guarantees, index);
    const misnumbered = id === expected ? [] : [`${id} stands where ${expected} is expected`];
    if (proofs.length === 0) return [...misnumbered, `${id} names no test`];
    return [...misnumbered, ...proofs.flatMap((proof) => findFault(id, proof, readFile))];
  });
}

/** The id that the row at `index` must have: each letter counts for itself. */
function numberOf(guarantees: readonly Guarantee[], index: number): string {
  const letter = guarantees[index]?.id[0] ?? '';
  const before = guarantees.slice(0, index).filter(({ id }) => id.startsWith(letter));
  return `${letter}${before.length + 1}`;
}

function findFault(
  id: string,
  { file, title }: Proof,
  readFile: (path: string) => string | null,
): readonly string[] {
  const text = readFile(file);
  if (text === null) return [`${id} names ${file}, which is not there`];
  if (title !== null && !plainQuotes(text).includes(plainQuotes(title)))
    return [`${id}: ${file} has no test "${title}"`];
  return [];
}
