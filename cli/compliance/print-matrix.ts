import type { Guarantee } from '../guarantees/read-guarantees.ts';
import type { Matrix } from './matrix.ts';
import { STANDARDS, type StandardId } from './standards.ts';

const STATES = { met: 'met', partly: 'in part', not: 'no' } as const;

/** `compliance/README.md`. Throws where a row names a guarantee that SECURITY.md does not have. */
export function printMatrix({ rows }: Matrix, guarantees: readonly Guarantee[]): string {
  const known = new Map(guarantees.map((guarantee) => [guarantee.id, guarantee]));
  const filesOf = (ids: readonly string[], tests: readonly string[]): string => {
    const files = ids.flatMap((id) => {
      const guarantee = known.get(id);
      if (guarantee === undefined)
        throw new Error(`compliance/matrix.json names ${id}, which SECURITY.md has not`);
      return guarantee.proofs.map(({ file }) => file);
    });
    return [...new Set([...files, ...tests])].map((file) => `[${shortName(file)}](../${file})`).join(' ');
  };
  const sections = (Object.keys(STANDARDS) as StandardId[]).map((standard) => {
    const { name, edition } = STANDARDS[standard];
    const lines = rows
      .filter((row) => row.standard === standard)
      .map(
        ({ id, what, state, guarantees: ids, tests, says }) =>
          `| ${id} | ${what} | ${STATES[state]} | ${ids.join(' ')} | ${filesOf(ids, tests)} | ${says} |`,
      );
    return `## ${name} (${edition})\n\n| id | asks for | met | guarantees | tests | remark |\n|---|---|---|---|---|---|\n${lines.join('\n')}\n`;
  });
  return `# Compliance matrix

<!-- Made by \`./causeway check --write\` from compliance/matrix.json and SECURITY.md; edit those. -->

What of six standards Causeway meets, by its own reading: **a self-assessment, and no certification**. Nobody else has looked, and most of a standard is about an
organisation, which a program cannot meet for it: a row that is not here is not claimed. Each row leads to guarantees of [SECURITY.md](../SECURITY.md) and through them to tests;
\`./causeway verify G1 G2\` runs those of a row.

${sections.join('\n')}`;
}

function shortName(file: string): string {
  return file.replace(/^test\//, '').replace(/\.test\.ts$/, '');
}
