import type { Context } from 'hono';
import type { AppEnv } from '../../http/app-env.ts';

/** What the address of a page says of these parameters; one that is empty, as a form sends it, is not said. */
export function askedFilter(context: Context<AppEnv>, parameters: readonly string[]): URLSearchParams {
  return new URLSearchParams(
    parameters.flatMap((name) => {
      const value = context.req.query(name);
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );
}
