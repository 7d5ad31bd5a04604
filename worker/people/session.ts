import type { Context } from 'hono';
import { sha256Hex, utf8 } from '../blobs/sha256.ts';
import { findSession, type StoredSession } from '../database/sessions.ts';
import type { AppEnv } from '../http/app-env.ts';
import { csrfToken } from './csrf.ts';
import { sealReturn } from './return-address.ts';
import { seeOther } from './see-other.ts';
import { readCookie } from './session-cookie.ts';
import { sessionLimits } from './settings.ts';

/** A person who is signed in, as the database knows them at this moment. */
export interface Session extends StoredSession {
  /** The token of every form that belongs to this session. */
  readonly csrf: string;
  /** What the database knows the cookie by. */
  readonly cookieSha256: string;
}

/** The session of the request, or null. One database request, and none where the browser shows no cookie. */
export async function readSession(context: Context<AppEnv>): Promise<Session | null> {
  const { database, publicUrl, sealKey, env } = context.get('platform');
  const cookie = readCookie(context.req.raw, 'session', publicUrl);
  if (cookie === null) return null;
  const cookieSha256 = await sha256Hex(utf8(cookie));
  const stored = await findSession(database, cookieSha256, sessionLimits(env).idleSeconds);
  if (stored === null) return null;
  context.set('isKnown', true);
  return { ...stored, cookieSha256, csrf: await csrfToken(sealKey, stored.sessionId) };
}

/**
 * The session of the request, or the answer that sends the browser to sign in first and then to `returnTo`, a path of
 * this deployment.
 */
export async function requireSession(
  context: Context<AppEnv>,
  returnTo: string,
): Promise<Session | Response> {
  const session = await readSession(context);
  if (session !== null) return session;
  const sealed = await sealReturn(context.get('platform').sealKey, returnTo);
  return seeOther(`/login?return_to=${sealed}`);
}
