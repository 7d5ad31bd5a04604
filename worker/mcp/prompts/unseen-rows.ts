import type { SeenSnapshot } from '../../sight/see-source.ts';

/** What an agent does otherwise where it does not see the rows; nothing where it does. Pure. */
export function unseenRows({ about }: Pick<SeenSnapshot, 'about'>): string {
  if (about === null) return '';
  return `

Of this data you see the schema only: a run tells you how it ended and what kinds of files it left, not what it printed, its error or its numbers. So write what the person is to read into files (tables, charts, and what you would have reported as report.md), check assumptions in the program itself, and give the person the address in withheld.page instead of numbers. Ask the person what the data means, not what it holds.`;
}
