import { z } from 'zod';

/** More events than this no attempt has: attempts stand apart by it where both are one number. */
export const EVENTS_MAX = 2 ** 32 - 1;

/**
 * What goes over the socket of one attempt at a run, which its executor dials to `RunFeed` (`GET /executor/runs/<run>/feed`).
 * Each message is one JSON text. `sequence` counts the events of an attempt from 1 without a hole; `at_ms` are milliseconds
 * since the executor got the job. The fields around a program's text are the executor's: whatever the text says, it is text.
 */
const event = { sequence: z.number().int().min(1).max(EVENTS_MAX), at_ms: z.number() };

export const feedEventSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.enum(['stdout', 'stderr']), ...event, text: z.string() }),
  z.object({
    kind: z.literal('progress'),
    ...event,
    done: z.number(),
    total: z.number().nullable(),
    message: z.string(),
  }),
  /** Stands in place of `chars` characters of output, which the executor had to drop before it could send them. */
  z.object({ kind: z.literal('gap'), ...event, chars: z.number().int().min(1) }),
]);
export type FeedEvent = z.infer<typeof feedEventSchema>;

/**
 * What `RunFeed` says: it has stored the events of this attempt up to the sequence `have`, so they need not be sent
 * again. Sent after each connection, and then from time to time.
 */
export const feedReceiptSchema = z.object({ have: z.number().int().min(0) });
export type FeedReceipt = z.infer<typeof feedReceiptSchema>;
