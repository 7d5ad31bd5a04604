import type { SourceText } from './import-graph.ts';

const FOLDER = 'docs/decisions/';
const RECORD = /^docs\/decisions\/(\d{4})-[a-z0-9-]+\.md$/;
const TITLE = /^# (\d{4}) (.+)$/;

/** Records without their line in the index, and lines without their record. `pages` are those of docs/decisions/. Pure. */
export function findUnlistedDecisions(pages: readonly SourceText[]): readonly string[] {
  const index = pages.find(({ path }) => path === `${FOLDER}README.md`)?.text ?? '';
  const listed = index.split('\n').filter((line) => line.startsWith('- ['));
  const expected = pages.filter(({ path }) => RECORD.test(path)).map(lineOf);
  return [
    ...expected
      .filter((line) => listed.filter((other) => other === line).length !== 1)
      .map((line) => `${FOLDER}README.md needs this line once, under its topic: ${line}`),
    ...listed
      .filter((line) => !expected.includes(line))
      .map((line) => `${FOLDER}README.md lists what is not there: ${line}`),
  ];
}

/** A record as the index lists it: `- [0001](0001-what.md) Its title`. */
function lineOf({ path, text }: SourceText): string {
  const [, number, title] = TITLE.exec(text.split('\n', 1)[0] ?? '') ?? [];
  return `- [${number ?? path.slice(FOLDER.length, FOLDER.length + 4)}](${path.slice(FOLDER.length)}) ${title ?? '(its first line is not "# NUMBER Title")'}`;
}
