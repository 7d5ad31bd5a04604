import { createHash, randomBytes } from 'node:crypto';
import { newId } from '../../protocol/ids.ts';
import type { Principal } from '../../worker/tenants/principal.ts';
import type { Ask } from './database.ts';
import type { Inhabitant } from './tenants.ts';

/** Opens a session of somebody as a sign-in would; the principal by which their browser calls. */
export async function openSessionOf(asSuperuser: Ask, { userId, principal }: Inhabitant): Promise<Principal> {
  const id = newId('session');
  await asSuperuser(
    `insert into app.sessions (session_id, user_id, cookie_sha256, method, idle_until, expires_at)
     values ($1, $2, $3, 'password', now() + interval '1 hour', now() + interval '1 hour')`,
    [id, userId, createHash('sha256').update(randomBytes(16)).digest('hex')],
  );
  return { ...principal, credential: { kind: 'session', id } };
}
