import { createHash, randomBytes } from 'node:crypto';
import { limit } from '../../protocol/limits.ts';
import { asOperator } from '../database/operator.ts';
import { Failure } from '../terminal/failure.ts';

export const DEFAULT_POOL = 'default';

/** Makes a token with which one executor joins `pool`, once, within an hour. The database keeps its SHA-256. */
export async function mintJoinToken(ownerUrl: string, pool: string = DEFAULT_POOL): Promise<string> {
  const token = `join_${randomBytes(32).toString('base64url')}`;
  const sha256 = createHash('sha256').update(token).digest('hex');
  const isStored = await asOperator(ownerUrl, (operator) =>
    operator.createJoinToken({ pool, sha256, lifetimeSeconds: limit('join_token_lifetime_ms') / 1000 }),
  );
  if (isStored) return token;
  throw new Failure({
    what: 'No join token was made.',
    why: `there is no pool called ${pool}`,
    remedy: `leave --pool out for the pool of the platform, "${DEFAULT_POOL}"`,
  });
}
