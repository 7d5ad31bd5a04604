import { tooManyAttempts } from '../../http/rate-limited.ts';
import { Refusal } from '../../http/refusal.ts';
import { parseEmail } from '../../people/email.ts';
import { endOtherOwnSessions, endOwnSession, readAccount } from '../../people/own-sessions.ts';
import { setCookie } from '../../people/session-cookie.ts';
import { signIn } from '../../people/sign-in.ts';
import type { Handlers } from '../handler.ts';
import { pageFacts, pageOfAll } from '../page.ts';
import type { OWN_ROUTES } from '../routes/own.ts';

export const ownHandlers: Handlers<keyof typeof OWN_ROUTES> = {
  /** An email without an account gets the same status and words, after the same work, as one with an account. */
  async signIn({ body }, { platform, call, cookieSha256, setCookie: answerWith }) {
    const email = parseEmail(body.email);
    if (email === null) throw new Refusal('invalid_arguments', 'email: is no email address');
    const login = { email, password: body.password, endsCookieSha256: cookieSha256 };
    const signed = await signIn(platform, call, login);
    if (!signed.ok && signed.reason === 'wrong')
      throw new Refusal('unauthenticated', 'Email and password do not match an account.');
    if (!signed.ok) throw tooManyAttempts(signed.retryAfterSeconds);
    answerWith(signed.result.cookie);
    return { notices: signed.result.notices };
  },

  async signOut(_input, { platform, call, session, setCookie: answerWith }) {
    await endOwnSession(platform, call, { session, id: session.sessionId });
    answerWith(setCookie('session', '', { publicUrl: platform.publicUrl, maxAgeSeconds: 0 }));
  },

  whoAmI(_input, { session }) {
    return {
      user: session.userId,
      name: session.userName,
      email: session.userEmail,
      session: session.sessionId,
      authenticated_at: session.authenticatedAt,
      tenants: session.tenants.map(({ tenantId, name, role }) => ({ tenant: tenantId, name, role })),
    };
  },

  async listOwnSessions({ query }, { platform, session }) {
    const { sessions } = await readAccount(platform, session);
    const shown = pageOfAll(sessions, query, ({ sessionId }) => sessionId);
    return {
      sessions: shown.rows.map((own) => ({
        session: own.sessionId,
        method: own.method,
        created_at: own.createdAt,
        last_seen_at: own.lastSeenAt,
        address: own.address,
        user_agent: own.userAgent,
        is_current: own.isCurrent,
      })),
      ...pageFacts(shown, shown.total),
    };
  },

  async endOwnSession({ params }, { platform, call, session }) {
    await endOwnSession(platform, call, { session, id: params.session });
  },

  endOtherOwnSessions: (_input, { platform, call, session }) => endOtherOwnSessions(platform, call, session),
};
