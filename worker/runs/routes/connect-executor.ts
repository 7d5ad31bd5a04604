import type { Context } from 'hono';
import { connectStatement } from '../../../protocol/executor-identity.ts';
import { findExecutor } from '../../database/executors.ts';
import type { AppEnv } from '../../http/app-env.ts';
import { requireUpgrade } from '../../http/require-upgrade.ts';
import { asAttempt } from '../../identity/authentication-attempt.ts';
import { addressGateOf } from '../../tenants/address-gate.ts';
import { poolOf } from '../pool-of.ts';
import { type ConnectionProof, isSigned, readProof } from './connection-proof.ts';
import { unauthenticated } from './unauthenticated.ts';

/**
 * Lets a registered executor onto its pool's socket: a signature by its key over this deployment, the Worker's time and a
 * nonce that is good once. Form and time are judged before anything is looked up.
 */
export async function connectExecutor(context: Context<AppEnv>): Promise<Response> {
  const { call } = context.var;
  const read = readProof(context.req.header('authorization') ?? null, Date.now());
  if (!read.ok) return unauthenticated(context, 'Causeway-Executor', REASONS[read.reason]);
  requireUpgrade(context.req.raw);
  return asAttempt(addressGateOf(context.env, call.address), (succeeded) =>
    connectProven(context, read.proof, succeeded),
  );
}

async function connectProven(
  context: Context<AppEnv>,
  proof: ConnectionProof,
  succeeded: () => void,
): Promise<Response> {
  const { platform } = context.var;
  const [executor] = await platform.database.transaction([findExecutor(proof.executor)]);
  const statement = connectStatement({ ...proof, audience: platform.publicUrl });
  if (executor === null || !(await isSigned(statement, proof.signature, executor.publicKey))) {
    return unauthenticated(context, 'Causeway-Executor', 'The proof is not of a registered executor.');
  }
  if (!executor.alive) return unauthenticated(context, 'Causeway-Executor', 'This executor was revoked.');
  const query = new URLSearchParams({
    executor: proof.executor,
    nonce: proof.nonce,
    pool: executor.pool,
  });
  const pool = poolOf(context.env, executor.pool);
  const accepted = await pool.fetch(`http://pool/?${query}`, {
    headers: { upgrade: 'websocket' },
  });
  if (accepted.status !== 101) {
    return unauthenticated(context, 'Causeway-Executor', 'The proof was used before.');
  }
  // A change of the key closes the sockets that it finds: one that is accepted just after it is found here.
  const [now] = await platform.database.transaction([findExecutor(proof.executor)]);
  if (now?.publicKey !== executor.publicKey) {
    await pool.keyChanged(proof.executor);
    return unauthenticated(context, 'Causeway-Executor', 'The proof is not of a registered executor.');
  }
  succeeded();
  return accepted;
}

const REASONS = {
  absent: 'This address needs the proof of an executor and the request shows none.',
  malformed: 'The proof is not one of an executor.',
  outside_window: "The proof's time is not the server's; the Date header says what it is.",
} as const;
