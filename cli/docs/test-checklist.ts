import { readGuarantees } from '../guarantees/read-guarantees.ts';

/** A title at the outermost level of a file, also where a table of cases stands before it. */
const TITLE =
  /^(?:(?:describe|test|it)(?:\.\w+)*(?:<[^\n]*>)?(?:\([A-Za-z.]+\))?|\]\))\(\s*(?:'((?:[^'\\]|\\.)+)'|"((?:[^"\\]|\\.)+)"|`([^`]+)`)/gm;

export interface TestFile {
  readonly path: string;
  readonly text: string;
}

/** `docs/security/test-checklist.md`: what the tests try, in their own words, and which guarantees each file serves. */
export function printTestChecklist(files: readonly TestFile[], securityPage: string): string {
  const served = new Map<string, string[]>();
  for (const { id, proofs } of readGuarantees(securityPage))
    for (const file of new Set(proofs.map((proof) => proof.file)))
      served.set(file, [...(served.get(file) ?? []), id]);
  const folders = Map.groupBy(files, ({ path }) => path.split('/')[1] ?? '');
  const sections = [...folders].map(([folder, own]) => {
    const parts = own.map(({ path, text }) => {
      const ids = served.get(path) ?? [];
      const titles = readTitles(text).map((title) => `- ${title}`);
      return `### ${path.replace(`test/${folder}/`, '').replace('.test.ts', '')}${ids.length === 0 ? '' : ` (${ids.join(' ')})`}\n\n${titles.join('\n')}\n`;
    });
    return `## test/${folder}\n\n${parts.join('\n')}`;
  });
  return `# What the tests try

<!-- Made by \`./causeway check --write\` from the titles of the tests and from SECURITY.md; edit those. -->

The outermost titles of each file; a table of cases counts once. In brackets stand the guarantees of [SECURITY.md](../../SECURITY.md) that the file serves.
\`./causeway test PATH\` runs one file, \`./causeway verify ID\` those of a guarantee.

${sections.join('\n')}`;
}

/** The outermost titles of a file of tests, each once, in one line each and with what Markdown would take for markup escaped. */
export function readTitles(text: string): readonly string[] {
  const titles = [...text.matchAll(TITLE)].map(([, single, double, template]) =>
    (single ?? double ?? template ?? '')
      .replace(/\\(['"])/g, '$1')
      .replace(/\s+/g, ' ')
      .replace(/[\\<>*_[\]|`]/g, '\\$&'),
  );
  return [...new Set(titles)];
}
