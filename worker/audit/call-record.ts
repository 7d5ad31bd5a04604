import { type Id, newId } from '../../protocol/ids.ts';
import { maskSecrets } from '../../protocol/mask-secrets.ts';
import { sha256Hex, utf8 } from '../blobs/sha256.ts';
import { storable } from '../database/storable.ts';
import { canonicalJson } from '../tenants/idempotency.ts';

/** What the audit log says of a call, beside who made it, from where and when. */
export interface CallEvent {
  readonly id: Id<'event'>;
  /** Dotted lowercase words, noun first: `tool.call`. */
  readonly action: string;
  /** What is called: a tool, a resource, an operation; and its name, never text that a client made up. */
  readonly kind: string;
  readonly target: string | null;
  /** On what it works, by the names and ids that the call gave. */
  readonly details: Readonly<Record<string, unknown>>;
  /** The trace that the client says it is part of. */
  readonly trace: string | null;
  /** SHA-256 of the input as canonical JSON, in hex, and the length of that text in bytes. */
  readonly sha256: string;
  readonly bytes: number;
}

/**
 * The event of one call, until it is written. The first transaction that enters the tenant for the call carries it: where
 * the event cannot be written, nothing of the call happens.
 */
export class CallRecord {
  private isTaken = false;
  readonly event: CallEvent;

  constructor(event: CallEvent) {
    this.event = event;
  }

  /** Whether no transaction has it yet. */
  get isDue(): boolean {
    return !this.isTaken;
  }

  /** The event where it is still to be written; who takes it and fails gives it back. */
  take(): CallEvent | null {
    if (this.isTaken) return null;
    this.isTaken = true;
    return this.event;
  }

  giveBack(): void {
    this.isTaken = false;
  }
}

/** Input that tells what a call works on, and is short enough to be a name. */
export const OBJECTS = [
  'project',
  'run',
  'source',
  'path',
  'name',
  'upload',
  'uri',
  'user',
  'token',
  'grant',
  'client',
];
/** As JSON, in which a control character is six: the event of a call that gives all of these at once has its place in the log. */
const OBJECT_CHARS_MAX = 300;

/** The event of a call with this input, which it holds as a digest. */
export async function callEvent(
  call: Pick<CallEvent, 'action' | 'kind' | 'target' | 'trace'>,
  input: unknown,
): Promise<CallEvent> {
  const bytes = utf8(canonicalJson(input ?? null));
  return {
    id: newId('event'),
    ...call,
    details: objectsOf(input),
    sha256: await sha256Hex(bytes),
    bytes: bytes.byteLength,
  };
}

function objectsOf(input: unknown): CallEvent['details'] {
  if (typeof input !== 'object' || input === null) return {};
  // What Postgres cannot hold is replaced: a call is refused for it, and the event of the refusal shall stand.
  const named = Object.entries(input).flatMap(([name, value]) =>
    OBJECTS.includes(name) && typeof value === 'string' && value !== '' && isShort(value)
      ? [[name, storable(maskSecrets(value))] as const]
      : [],
  );
  return named.length === 0 ? {} : { object: Object.fromEntries(named) };
}

function isShort(text: string): boolean {
  return text.length <= OBJECT_CHARS_MAX && JSON.stringify(text).length <= OBJECT_CHARS_MAX + '""'.length;
}
