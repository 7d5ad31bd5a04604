import { z } from 'zod';
import { ERRORS, type ErrorCode } from '../../protocol/errors.ts';
import { cookieName } from '../people/session-cookie.ts';
import { idempotencyKey } from '../tenants/idempotency.ts';
import { MARK } from './judge-call.ts';
import { API_ROOT, type ApiAccess, type ApiRoute, isSafe } from './route.ts';
import { API_ROUTES } from './routes/index.ts';

type Json = Record<string, unknown>;

/** Refusals that a route of each kind may answer, beside its own. */
const WITH_BODY: readonly ErrorCode[] = ['busy'];
const EVERYWHERE: readonly ErrorCode[] = ['invalid_arguments', 'forbidden_origin', 'internal', 'unavailable'];
const IN_TENANT: readonly ErrorCode[] = ['not_found', 'tenant_suspended', 'rate_limited'];
const BY_ACCESS: Readonly<Record<ApiAccess, readonly ErrorCode[]>> = {
  public: [],
  person: ['unauthenticated'],
  session: ['unauthenticated', 'insufficient_role'],
  admin: ['unauthenticated', 'insufficient_role', ...IN_TENANT],
  owner: ['unauthenticated', 'insufficient_role', ...IN_TENANT],
};

const error = z
  .object({
    error: z.object({
      code: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]),
      message: z.string().describe('What happened, and why'),
      retryable: z.boolean(),
      retry_after_seconds: z.number().int().optional(),
      hint: z.string().optional().describe('What to do next'),
      request_id: z.string(),
      details: z.record(z.string(), z.unknown()).optional(),
    }),
  })
  .meta({ id: 'Error' });

/** The OpenAPI 3.1 document of the management API, made from its routes. */
export function openApiDocument(publicUrl: string): { openapi: string } & Json {
  const schemas: Json = {};
  const routes = Object.entries<ApiRoute>(API_ROUTES);
  const paths: Record<string, Json> = {};
  for (const [name, route] of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(name, route, schemas) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Causeway management API',
      version: '1',
      description: `People, invitations, tokens, connected agents and sessions of a tenant, for its admins and owners. Off unless the operator sets ADMINISTRATION; docs/administration.md shows how to call it.`,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: `${publicUrl}${API_ROOT}` }],
    tags: [...new Set(routes.map(([, { tag }]) => tag))].map((name) => ({ name })),
    security: [{ session: [] }],
    paths,
    components: {
      schemas,
      securitySchemes: {
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: cookieName('session', publicUrl),
          description: `A person's session: POST ${API_ROOT}/session, or the page /login. No token opens this API.`,
        },
      },
    },
  };
}

function operation(name: string, route: ApiRoute, schemas: Json): Json {
  const takesBody = Object.keys(route.body.shape).length > 0;
  const needsBody = !route.body.safeParse({}).success;
  return {
    operationId: name,
    tags: [route.tag],
    summary: route.summary,
    ...(route.description === '' ? {} : { description: route.description }),
    ...(route.access === 'public' ? { security: [] } : {}),
    parameters: [
      ...parametersOf(route.params, 'path', schemas),
      ...parametersOf(route.query, 'query', schemas),
      ...headersOf(route, schemas),
    ],
    ...(takesBody
      ? {
          requestBody: {
            required: needsBody,
            content: { 'application/json': { schema: schemaOf(route.body, 'input', schemas) } },
          },
        }
      : {}),
    responses: { ...success(route, schemas), ...refusals(route, schemas) },
  };
}

function parametersOf(object: z.ZodObject, place: 'path' | 'query', schemas: Json): Json[] {
  const { properties = {}, required = [] } = schemaOf(object, 'input', schemas) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema,
  }));
}

function headersOf(route: ApiRoute, schemas: Json): Json[] {
  return [
    ...(isSafe(route)
      ? []
      : [
          {
            name: MARK,
            in: 'header',
            required: true,
            description: 'Shows that no page of another site sent the call',
            schema: { const: '1' },
          },
        ]),
    ...(route.isRepeatable
      ? [
          {
            name: 'idempotency-key',
            in: 'header',
            required: false,
            description: 'A new UUID; repeat it only when you retry the same call',
            schema: schemaOf(idempotencyKey, 'input', schemas),
          },
        ]
      : []),
  ];
}

function success(route: ApiRoute, schemas: Json): Json {
  if (route.answer === null) return { 204: { description: 'Done' } };
  const schema = schemaOf(route.answer, 'output', schemas);
  const description = route.status === 201 ? 'Made' : 'Found';
  return { [route.status]: { description, content: { 'application/json': { schema } } } };
}

/** Refusals by status, each with the codes that it may carry. */
function refusals(route: ApiRoute, schemas: Json): Json {
  const ofBody = route.method === 'GET' || route.method === 'DELETE' ? [] : WITH_BODY;
  const codes = new Set([...route.refuses, ...EVERYWHERE, ...ofBody, ...BY_ACCESS[route.access]]);
  const schema = schemaOf(error, 'output', schemas);
  const statuses = [...new Set([...codes].map((code) => ERRORS[code].status))].sort();
  return Object.fromEntries(
    statuses.map((status) => {
      const here = [...codes].filter((code) => ERRORS[code].status === status).sort();
      const description = here.map((code) => `\`${code}\`: ${ERRORS[code].means}`).join(' ');
      return [status, { description, content: { 'application/json': { schema } } }];
    }),
  );
}

/** A schema as JSON Schema; what has a name is put into `schemas` and referred to. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output', schemas: Json): Json {
  const { $schema: _, $defs, ...made } = z.toJSONSchema(schema, { io }) as Json & { $defs?: Json };
  Object.assign(schemas, referred($defs ?? {}));
  const { id, ...rest } = referred(made) as Json;
  if (typeof id !== 'string')
    return io === 'input' && rest.type === 'object' ? { ...rest, additionalProperties: false } : rest;
  schemas[id] = rest;
  return { $ref: `#/components/schemas/${id}` };
}

function referred<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value).replaceAll('"#/$defs/', '"#/components/schemas/')) as Value;
}
