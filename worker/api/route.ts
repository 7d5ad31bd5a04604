import { z } from 'zod';
import type { ErrorCode } from '../../protocol/errors.ts';

/** Where the management API begins; the paths of its routes are below it. */
export const API_ROOT = '/api/v1';

export type ApiMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/**
 * Who may call: anybody (`public`), whoever is signed in (`person`), a person who administers some tenant (`session`),
 * or an admin or owner of the tenant in the path. API tokens and access tokens are never accepted.
 */
export type ApiAccess = 'public' | 'person' | 'session' | 'admin' | 'owner';

const NOTHING = z.object({});
type Nothing = typeof NOTHING;

/**
 * A route as data: what is sent, what comes back, and who may. The router, the OpenAPI document and the tests are made
 * from it.
 */
export interface ApiRoute<
  Access extends ApiAccess = ApiAccess,
  Params extends z.ZodObject = z.ZodObject,
  Query extends z.ZodObject = z.ZodObject,
  Body extends z.ZodObject = z.ZodObject,
  Answer extends z.ZodObject | null = z.ZodObject | null,
> {
  readonly method: ApiMethod;
  /** Below {@link API_ROOT}; `:name` stands for the parameter of that name. */
  readonly path: string;
  readonly access: Access;
  readonly tag: string;
  readonly summary: string;
  readonly description: string;
  readonly params: Params;
  readonly query: Query;
  /** An empty object where the route takes no body. */
  readonly body: Body;
  /** Null where it answers 204 and nothing. */
  readonly answer: Answer;
  /** A POST that made something answers 201. */
  readonly status: 200 | 201 | 204;
  /** Whether an `Idempotency-Key` is honoured. */
  readonly isRepeatable: boolean;
  /** Refusals beyond those that every route has. */
  readonly refuses: readonly ErrorCode[];
}

type Optional = 'params' | 'query' | 'body' | 'description' | 'isRepeatable' | 'refuses' | 'status';

/** Fills in what a route leaves out: no parameters, no body, 200, or 204 where it answers nothing. */
export function defineRoute<
  Access extends ApiAccess,
  Params extends z.ZodObject = Nothing,
  Query extends z.ZodObject = Nothing,
  Body extends z.ZodObject = Nothing,
  Answer extends z.ZodObject | null = null,
>(
  route: Omit<ApiRoute<Access, Params, Query, Body, Answer>, Optional> &
    Partial<Pick<ApiRoute<Access, Params, Query, Body, Answer>, Optional>>,
): ApiRoute<Access, Params, Query, Body, Answer> {
  const absent = {
    params: NOTHING,
    query: NOTHING,
    body: NOTHING,
    description: '',
    isRepeatable: false,
    refuses: [],
    status: route.answer === null ? 204 : 200,
  };
  return { ...absent, ...route } as ApiRoute<Access, Params, Query, Body, Answer>;
}

/** Whether the route changes nothing, so that a link to it does no harm. */
export function isSafe({ method }: Pick<ApiRoute, 'method'>): boolean {
  return method === 'GET';
}
