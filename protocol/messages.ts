import { z } from 'zod';
import { feedEventSchema } from './feed.ts';
import { idSchema } from './ids.ts';
import { labelsSchema } from './labels.ts';
import { imageDigestSchema, manifestSchema, sha256Schema } from './manifest.ts';
import { outcomeSchema } from './outcome.ts';

/**
 * The messages on the socket that an executor dials to `ExecutorPool` (`GET /executor/connect`). Each is one JSON text.
 * A fence counts the attempts at a run from 1; whatever carries an older fence than the pool's is ignored.
 */
const lease = { run: idSchema('run'), fence: z.number().int().min(1) };

/** What an executor offers; also what `whoami` and run manifests name. */
export const offerSchema = z.object({
  engine: z.enum(['gvisor', 'docker-runsc', 'docker-runc']),
  engine_version: z.string(),
  image: imageDigestSchema,
  python: z.string(),
  packages: z.array(z.object({ name: z.string(), version: z.string() })),
  /** Packages of the full image that this one lacks. */
  absent: z.array(z.string()),
  slots: z.number().int().min(1).max(256),
  /** What the operator says of this host. */
  labels: labelsSchema.optional(),
});
export type Offer = z.infer<typeof offerSchema>;

/** A blob that the job needs, fetched from `GET /executor/blobs/<sha256>` with this capability as bearer. */
const blobGrantSchema = z.object({
  sha256: sha256Schema,
  bytes: z.number().int().min(0),
  capability: z.string(),
});

const jobSchema = z.object({
  type: z.literal('job'),
  ...lease,
  tenant: idSchema('tenant'),
  manifest: manifestSchema,
  blobs: z.array(blobGrantSchema),
  /** Files whose bytes travel with the job, base64 by sha256 (small ones that are surely not cached, as scratch code). */
  inline: z.record(sha256Schema, z.string()),
  /** Bearer of `PUT /executor/blobs/<sha256>` and of `GET /executor/runs/<run>/feed` for this run and fence. */
  capability: z.string(),
  /** Somebody waits for live output: the first event is also `printed`. */
  followed: z.boolean().optional(),
});
export type Job = z.infer<typeof jobSchema>;

/** Why an executor refuses a job, as a code to count and search by; `reason` says it in words. */
export const REFUSAL_CODES = [
  'invalid_job',
  'unknown_image',
  'too_much_memory',
  'input_unavailable',
  'input_corrupt',
  'no_sandbox',
  'no_space',
  'output_not_stored',
  'fault',
] as const;
export type RefusalCode = (typeof REFUSAL_CODES)[number];

export const fromExecutorSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('hello'),
    protocol: z.number().int(),
    version: z.string(),
    offer: offerSchema,
    /** Runs that this executor still holds after a lost socket. */
    holding: z.array(z.object(lease)),
    /** It finishes what it holds and takes nothing more. */
    draining: z.boolean().optional(),
  }),
  /** `draining` of `hello`, said on an open socket; a later `hello` without it takes it back. Since version 2. */
  z.object({ type: z.literal('draining'), reason: z.string().max(300).optional() }),
  z.object({ type: z.literal('heartbeat'), holding: z.array(z.object(lease)) }),
  /** `ago_ms`: how long the program runs already; an earlier version does not say. */
  z.object({ type: z.literal('started'), ...lease, ago_ms: z.number().min(0).optional() }),
  /** The first event of a followed run whose feed is not dialled yet; the feed brings it again. Since version 3. */
  z.object({ type: z.literal('printed'), ...lease, event: feedEventSchema }),
  z.object({ type: z.literal('outcome'), ...lease, outcome: outcomeSchema }),
  /** The job cannot be run here (a blob is missing, the sandbox did not start); the pool may try another executor. */
  z.object({
    type: z.literal('refused'),
    ...lease,
    reason: z.string(),
    code: z.enum(REFUSAL_CODES).optional(),
  }),
]);
export type FromExecutor = z.infer<typeof fromExecutorSchema>;

/** What is still read of a malformed outcome: the attempt that it is about. */
export const spoiltOutcomeSchema = z.object({ type: z.literal('outcome'), ...lease });
export type AboutAttempt = Pick<z.infer<typeof spoiltOutcomeSchema>, 'run' | 'fence'>;

export const toExecutorSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('welcome'), protocol: z.number().int(), executor: idSchema('executor') }),
  jobSchema,
  z.object({ type: z.literal('cancel'), ...lease }),
  /** The executor may forget the run: its outcome is recorded, or, with a code, is not, since a later attempt was opened. */
  z.object({ type: z.literal('recorded'), ...lease, code: z.literal('old_fence').optional() }),
]);
export type ToExecutor = z.infer<typeof toExecutorSchema>;
