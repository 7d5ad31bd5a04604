import { z } from 'zod';
import { limit } from '../../../protocol/limits.ts';
import { defineRoute } from '../route.ts';
import { address, idText, moment, page, pageQuery, role, userAgent } from '../schemas.ts';

const TAG = 'Your own session';

const email = z.string().max(limit('email_chars'));

export const ownSession = z
  .object({
    session: idText('session'),
    method: z.string().describe('How it was opened'),
    created_at: moment,
    last_seen_at: moment,
    address,
    user_agent: userAgent,
    is_current: z.boolean().describe('The one of this call'),
  })
  .meta({ id: 'OwnSession' });

/** What a signed-in person does about themselves. */
export const OWN_ROUTES = {
  signIn: defineRoute({
    method: 'POST',
    path: '/session',
    access: 'public',
    tag: TAG,
    summary: 'Sign in',
    description:
      'Opens a session and sets its cookie, which all other calls show. Guesses are counted as those of the page are.',
    body: z.object({
      email: z.string().min(3).max(limit('email_chars')),
      password: z.string().min(1).max(1000),
    }),
    answer: z.object({
      notices: z.number().int().describe('Notices that you have not read; they stand on the page /notices'),
    }),
    status: 201,
    refuses: ['unauthenticated', 'rate_limited'],
  }),
  signOut: defineRoute({
    method: 'DELETE',
    path: '/session',
    access: 'person',
    tag: TAG,
    summary: 'Sign out',
    description:
      'Ends the session of this call and takes its cookie away. Whoever could sign in can sign out.',
    answer: null,
  }),
  whoAmI: defineRoute({
    method: 'GET',
    path: '/me',
    access: 'session',
    tag: TAG,
    summary: 'Who you are, and in which tenants',
    answer: z.object({
      user: idText('user'),
      name: z.string(),
      email,
      session: idText('session'),
      authenticated_at: moment,
      tenants: z.array(z.object({ tenant: idText('tenant'), name: z.string(), role })),
    }),
  }),
  listOwnSessions: defineRoute({
    method: 'GET',
    path: '/me/sessions',
    access: 'session',
    tag: TAG,
    summary: 'Your own living sessions',
    query: pageQuery,
    answer: z.object({ sessions: z.array(ownSession), ...page }),
  }),
  endOwnSession: defineRoute({
    method: 'DELETE',
    path: '/me/sessions/:session',
    access: 'session',
    tag: TAG,
    summary: 'End one of your own sessions',
    params: z.object({ session: idText('session') }),
    answer: null,
    refuses: ['not_found'],
  }),
  endOtherOwnSessions: defineRoute({
    method: 'POST',
    path: '/me/sessions/end-others',
    access: 'session',
    tag: TAG,
    summary: 'End all your sessions but this one',
    answer: z.object({ ended: z.number().int() }),
  }),
} as const;
