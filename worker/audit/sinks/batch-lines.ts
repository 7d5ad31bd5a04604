import type { ClaimedBatch } from '../../database/audit-sinks.ts';

/** A batch as JSON lines, and nothing behind the last. */
export function linesOf({ entries }: Pick<ClaimedBatch, 'entries'>): string {
  return entries.map((entry) => `${entry}\n`).join('');
}

const INDEX_DIGITS = 12;

/** `<tenant>/<day>/<first>-<last>.jsonl`: the same for a batch that is sent again, and in order by name. */
export function nameOf({ tenant, day, from, entries }: ClaimedBatch): string {
  const [first, last] = [from, from + entries.length - 1].map((index) =>
    String(index).padStart(INDEX_DIGITS, '0'),
  );
  return `${tenant}/${day}/${first}-${last}.jsonl`;
}
