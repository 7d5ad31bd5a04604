import type { z } from 'zod';
import {
  type AboutAttempt,
  type FromExecutor,
  fromExecutorSchema,
  spoiltOutcomeSchema,
  type ToExecutor,
} from '../../../protocol/messages.ts';
import type { Outcome } from '../../../protocol/outcome.ts';
import { storable } from '../../database/storable.ts';
import { readJson } from '../../input/parse-json.ts';
import { positionOf } from '../feed/feed-buffer.ts';
import { acknowledge, refuseOldFence } from './acknowledge.ts';
import { assignQueued } from './assign-queued.ts';
import { attemptOver } from './attempt-over.ts';
import { CLOSE, close, sendOn } from './executor-sockets.ts';
import { extendLeases, greet } from './hello.ts';
import { type HeldLease, heldAt, type Lease } from './lease.ts';
import type { Pool } from './pool.ts';
import { settle } from './settle.ts';
import { tellOf } from './tell-of.ts';

const MESSAGE_CHARS_MAX = 1024 * 1024;

/** Acts on one message of an executor. What comes twice, late or out of order changes nothing. */
export async function handleMessage(
  pool: Pool,
  socket: WebSocket,
  text: string | ArrayBuffer,
): Promise<void> {
  const value = parseJson(text);
  const message = parse(fromExecutorSchema, value);
  if (message === null) {
    close(socket, CLOSE.invalid);
    return giveUp(pool, socket, parse(spoiltOutcomeSchema, value));
  }
  if (socket.readyState !== WebSocket.OPEN) return;
  if (pool.sockets.noteHeard(socket, pool.now())) assignQueued(pool);
  const executor = pool.sockets.executorOf(socket);
  switch (message.type) {
    case 'hello':
      return greet(pool, socket, message);
    case 'draining':
      return pool.sockets.drain(socket, message.reason);
    case 'heartbeat':
      return extendLeases(pool, executor, message.holding);
    case 'started': {
      const lease = heldBy(pool, executor, message);
      if (lease?.phase !== 'leased') return;
      const startedAt = beganAt(lease, message.ago_ms ?? 0, pool.now());
      return tellOf(pool, pool.leases.put({ ...lease, phase: 'running', startedAt }));
    }
    case 'printed': {
      const lease = heldBy(pool, executor, message);
      if (lease === null) return;
      const { event } = message;
      return pool.listeners.resolve(lease.run, { events: [event], position: positionOf(lease.fence, event) });
    }
    case 'outcome': {
      const lease = heldBy(pool, executor, message);
      if (lease !== null)
        return settle(pool, begun(lease, message.outcome, pool.now()), {
          outcome: storable(message.outcome),
          by: 'executor',
        });
      if (!isBeingRecorded(pool, message)) answerLateOutcome(pool, socket, message);
      return;
    }
    case 'refused': {
      const lease = heldBy(pool, executor, message);
      if (lease !== null) return attemptOver(pool, lease, `an executor refused it: ${refusalText(message)}`);
      return;
    }
  }
}

function refusalText({ code, reason }: Extract<FromExecutor, { type: 'refused' }>): string {
  return `${code === undefined ? '' : `${code}, `}${reason.slice(0, 300)}`;
}

/** An executor says an outcome until it is recorded: one that can never be recorded would keep its slot for ever. */
async function giveUp(pool: Pool, socket: WebSocket, about: AboutAttempt | null): Promise<void> {
  const lease = about === null ? null : heldBy(pool, pool.sockets.executorOf(socket), about);
  if (lease !== null) await attemptOver(pool, lease, 'its executor told of an end that cannot be recorded');
}

function parse<Output>(schema: z.ZodType<Output>, value: unknown): Output | null {
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : null;
}

function parseJson(text: string | ArrayBuffer): unknown {
  if (typeof text !== 'string' || text.length > MESSAGE_CHARS_MAX) return null;
  const read = readJson(text);
  return read.ok ? read.value : null;
}

/** A lease with when its program began: where it was over before its executor said so, by the outcome's own times. */
function begun(lease: Lease, { timings }: Pick<Outcome, 'timings'>, now: number): Lease {
  if (lease.startedAt !== null) return lease;
  const agoMs = Math.round(timings.reported_ms - timings.prepared_ms);
  return { ...lease, startedAt: beganAt(lease, agoMs, now) };
}

/** When a program began that is said to have begun so long ago: within its lease, whatever its executor says. */
function beganAt({ leasedAt }: Lease, agoMs: number, now: number): number {
  return Math.max(leasedAt ?? now, now - Math.max(0, agoMs));
}

/** The lease that a message is about, if this executor holds it under this very fence. */
function heldBy(pool: Pool, executor: string, { run, fence }: AboutAttempt): HeldLease | null {
  const lease = heldAt(pool.leases.get(run), fence);
  return lease?.executor === executor ? lease : null;
}

/** It may be forgotten: it is recorded already, or the run went on to a later attempt. */
function answerLateOutcome(pool: Pool, socket: WebSocket, about: AboutAttempt): void {
  const send = (message: ToExecutor) => sendOn(socket, message);
  const last = pool.leases.get(about.run)?.fence ?? pool.lastFences.of(about.run) ?? about.fence;
  if (about.fence < last) refuseOldFence(send, pool.sockets.executorOf(socket), about);
  else acknowledge(send, about);
}

/** An outcome that is being written is answered when it is written, not before. */
function isBeingRecorded(pool: Pool, about: AboutAttempt): boolean {
  const lease = pool.leases.get(about.run);
  return lease?.phase === 'recording' && lease.fence === about.fence;
}
