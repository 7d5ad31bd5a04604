import { idSchema } from '../protocol/ids.ts';
import { type ToExecutor, toExecutorSchema } from '../protocol/messages.ts';
import type { Lease } from './hold-runs.ts';

export type ReadMessage =
  | { readonly ok: true; readonly message: ToExecutor }
  /** `job` names the attempt where it was meant to be one, so that the pool can be told at once. */
  | { readonly ok: false; readonly job: Lease | null; readonly problem: string };

/** Reads what the pool sent. Nothing of a message that fails its schema is used but whose job it was. Pure. */
export function readMessage(text: string): ReadMessage {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, job: null, problem: 'it is no JSON' };
  }
  const message = toExecutorSchema.safeParse(value);
  if (message.success) return { ok: true, message: message.data };
  const fault = message.error.issues[0];
  const problem = `${fault?.path.join('.') ?? ''}: ${fault?.message ?? 'no message of the protocol'}`;
  return { ok: false, job: jobOf(value), problem };
}

function jobOf(value: unknown): Lease | null {
  if (typeof value !== 'object' || value === null) return null;
  const { type, run, fence } = value as { type?: unknown; run?: unknown; fence?: unknown };
  const id = idSchema('run').safeParse(run);
  if (type !== 'job' || !id.success || !Number.isInteger(fence)) return null;
  return { run: id.data, fence: fence as number };
}
