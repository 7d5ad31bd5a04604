import type { BlobsToSeal } from '../database/key-operator.ts';

/** What came of one request, as the checks judge it. */
export type Seen = Answer | Failure | NotAsked;

export interface Answer {
  readonly kind: 'answer';
  readonly status: number;
  /** Names in lower case; a repeated header is joined with commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly setCookies: readonly string[];
  /** Its first 64 KiB. */
  readonly body: string;
  /** When it was sent and when its head had come, ms since 1970 by this machine's clock. */
  readonly sentAt: number;
  readonly answeredAt: number;
  /** Between the first and the last part of the body, in ms; 0 where it came in one. */
  readonly bodyTookMs: number;
}

/** No answer came; `reason` completes "…: ". */
export interface Failure {
  readonly kind: 'failure';
  readonly reason: string;
  /** The certificate was not accepted, where there was one. */
  readonly isTls: boolean;
}

export interface NotAsked {
  readonly kind: 'not_asked';
}

export const NOT_ASKED: NotAsked = { kind: 'not_asked' };

/** All that the checks may know: what was seen, and nothing that they could ask by themselves. */
export interface Observations {
  /** Without a slash at its end. */
  readonly publicUrl: string;
  readonly seen: Readonly<Record<ProbeName, Seen>>;
  /** The stack in the state folder, if it serves this address. */
  readonly local: LocalStack | null;
  /** What this machine knows of it beside its address: its files and its database; null where it is another machine's. */
  readonly inside: Inside | null;
}

/** Findings of programs, as they say them when they refuse to start: each a sentence with its remedy. */
export interface Inside {
  /** Of the launcher, about the secrets of the state folder; null where no stack was ever started there. */
  readonly launcher: readonly string[] | null;
  /** Of the executor of that stack; null where it never had one. */
  readonly executor: readonly string[] | null;
  /** Null where no database is at hand; `blobs` is null where what was found before kept from looking at them. */
  readonly database: { readonly findings: readonly string[]; readonly blobs: BlobsToSeal | null } | null;
}

export interface LocalStack {
  readonly state: string;
  readonly workerPort: number;
  /** What the Worker says when it is asked directly; null where it does not answer. */
  readonly health: { readonly ok: boolean; readonly findings: readonly unknown[] } | null;
}

export const PROBE_NAMES = [
  'health',
  'stream',
  'plainHttp',
  'resource',
  'resourceOfMcp',
  'server',
  'discovery',
  'keys',
  'challenge',
  'badBearer',
  'withToken',
  'login',
  'account',
  'token',
  'register',
  'revoke',
  'device',
  'authorize',
  'largeBody',
  'forgedServer',
  'forgedChallenge',
  'forgedAccount',
  'forgedHost',
  'unknown',
  'socket',
  'administration',
  'foreignCall',
  'foreignForm',
] as const;
export type ProbeName = (typeof PROBE_NAMES)[number];
