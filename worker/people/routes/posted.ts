import type { Context } from 'hono';
import type { AppEnv } from '../../http/app-env.ts';
import { checkCsrf } from '../csrf.ts';
import { readForm } from '../read-form.ts';
import { requireSession, type Session } from '../session.ts';

export interface Posted {
  readonly session: Session;
  readonly form: URLSearchParams;
}

/**
 * The form that a signed-in person sent from its own page, or the answer that sends the browser to sign in and back to
 * `path`. Throws `forbidden_origin` for one that another page sent.
 */
export async function readPosted(context: Context<AppEnv>, path: string): Promise<Posted | Response> {
  const form = await readForm(context.req.raw, context.get('platform').publicUrl);
  const session = await requireSession(context, path);
  if (session instanceof Response) return session;
  checkCsrf(form, session);
  return { session, form };
}
