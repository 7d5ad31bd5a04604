import type { z } from 'zod';
import type { Call } from '../http/call.ts';
import type { Session } from '../people/session.ts';
import type { Platform } from '../platform.ts';
import type { Idempotency } from '../tenants/idempotency.ts';
import type { Principal } from '../tenants/principal.ts';
import type { TenantRole } from '../tenants/roles.ts';
import type { ApiAccess, ApiRoute } from './route.ts';
import type { API_ROUTES, OperationName } from './routes/index.ts';

/** What every handler reaches. */
interface CommonContext {
  readonly platform: Platform;
  readonly call: Call;
  /** What the cookie of the request is known by; null where it shows none. */
  readonly cookieSha256: string | null;
  /** Adds a `Set-Cookie` to the answer. */
  readonly setCookie: (line: string) => void;
}

interface SessionContext extends CommonContext {
  readonly session: Session;
}

/** The caller administers the tenant of the path: the database said so a moment ago, and is asked again by the operation. */
interface TenantContext extends SessionContext {
  readonly tenantId: string;
  readonly principal: Principal;
  readonly role: TenantRole;
  readonly idempotency: Idempotency | null;
}

interface Contexts extends Record<ApiAccess, CommonContext> {
  readonly public: CommonContext;
  readonly person: SessionContext;
  readonly session: SessionContext;
  readonly admin: TenantContext;
  readonly owner: TenantContext;
}

type Input<Route> =
  Route extends ApiRoute<ApiAccess, infer Params, infer Query, infer Body>
    ? {
        readonly params: z.output<Params>;
        readonly query: z.output<Query>;
        readonly body: z.output<Body>;
      }
    : never;

/** Nothing, of a route that answers nothing. */
type Output<Route extends ApiRoute> = Route['answer'] extends z.ZodObject
  ? z.input<Route['answer']>
  : undefined;

export type Handler<Route extends ApiRoute> = (
  input: Input<Route>,
  context: Contexts[Route['access']],
) => Promise<Output<Route>> | Output<Route>;

/** A handler for each of some operations; all together there is one for each route. */
export type Handlers<Names extends OperationName = OperationName> = {
  readonly [Name in Names]: Handler<(typeof API_ROUTES)[Name]>;
};
