import { EXECUTOR_SCHEME } from '../protocol/executor-identity.ts';
import type { ExecutorId } from '../protocol/ids.ts';
import { findExecutor } from '../worker/database/executors.ts';
import type { Env } from '../worker/env.ts';
import { platformOf } from '../worker/platform.ts';
import { readProof } from '../worker/runs/routes/connection-proof.ts';
import type { Deployment } from './deployment.ts';
import { ClientSocket, Link, type LinkEnd } from './objects/link.ts';
import type { Actor } from './world.ts';

interface Accepted {
  readonly status: number;
  readonly date: string;
  readonly pool: string;
  readonly end: LinkEnd | null;
}

/** A proof of the form that an executor sends; what signs it is left out, and what its time decides is not. */
export function proofOf(executor: ExecutorId, nowSeconds: number, nonce: number): string {
  const fields = [executor, String(Math.floor(nowSeconds)), String(nonce).padStart(22, '0'), 'A'.repeat(86)];
  return `${EXECUTOR_SCHEME} ${fields.join('.')}`;
}

/** Dials the Worker's `/executor/connect` as `ws` does, for a process. */
export function dial(deployment: Deployment, actor: Actor, authorization: string): ClientSocket {
  const socket = new ClientSocket();
  const fail = (error: Error): void => {
    socket.emit('error', error);
    socket.emit('close', 1006, Buffer.alloc(0));
  };
  deployment
    .request(actor, (env) => accept(env, authorization))
    .then(({ status, date, pool, end }) => {
      if (end === null) {
        const response = { statusCode: status, headers: { date }, resume: () => {} };
        socket.emit('unexpected-response', { destroy: () => {} }, response);
        return;
      }
      const host = deployment.host('EXECUTOR_POOL', pool);
      if (socket.readyState === socket.CLOSED) host.disconnect(end, 1006);
      else if (host.has(end)) new Link(host, actor, socket, end);
      else fail(new Error('the pool is gone again'));
    }, fail);
  return socket;
}

/** What `connectExecutor` does once the signature is checked. */
async function accept(env: Env, authorization: string): Promise<Accepted> {
  const refused = { status: 401, date: new Date().toUTCString(), pool: '', end: null };
  const read = readProof(authorization, Date.now());
  if (!read.ok) return refused;
  const { database } = await platformOf(env);
  const [found] = await database.transaction([findExecutor(read.proof.executor)]);
  if (found === null || !found.alive) return refused;
  const { executor, nonce } = read.proof;
  const query = new URLSearchParams({ executor, nonce, pool: found.pool });
  const pool = env.EXECUTOR_POOL.get(env.EXECUTOR_POOL.idFromName(found.pool));
  const answer = await pool.fetch({ url: `http://pool/?${query}` } as never);
  if (answer.status !== 101) return refused;
  return { ...refused, status: 101, pool: found.pool, end: answer.webSocket as unknown as LinkEnd };
}
