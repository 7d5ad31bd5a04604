import type { Retained } from '../../database/retention.ts';

/** What each kind is to a person, and what is to be known of it beyond that. */
export const RETAINED_WORDS: Readonly<Record<Retained, { readonly what: string; readonly details: string }>> =
  {
    runs: {
      what: 'records of runs',
      details: 'from their end on; a run that a snapshot of data comes from stays with it',
    },
    logs: { what: 'what runs printed', details: 'messages of their errors too' },
    outputs: {
      what: 'files that runs left',
      details: 'their names, sizes and digests stay with the record',
    },
    snapshots: {
      what: 'data that was replaced, and uploads that nothing was made of',
      details: 'data from when its source was given other data; what a run had stays with its record',
    },
    audit: {
      what: 'contents of the audit log',
      details: '30 days at least; the leaves of its events stay, so that every proof holds',
    },
  };

/** So many days; null is for ever. */
export function periodText(days: number | null): string {
  return days === null ? 'for ever' : days === 1 ? '1 day' : `${days} days`;
}
