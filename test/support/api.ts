import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { openApiDocument } from '../../worker/api/openapi.ts';
import { API_ROOT, type ApiRoute } from '../../worker/api/route.ts';
import { API_ROUTES, type OperationName } from '../../worker/api/routes/index.ts';
import type { TestStack } from './stack.ts';
import { type Account, newAddress, PASSWORD } from './visitor.ts';

export interface ApiInput {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Null where nothing was answered. */
  readonly body: Record<string, unknown> | null;
}

const MARKED = { 'x-causeway-request': '1' };

/** A program that calls the management API with a cookie, or without. Each answer is held against the OpenAPI document. */
export class ApiClient {
  readonly stack: TestStack;
  readonly address = newAddress();
  cookie: string | null;

  constructor(stack: TestStack, cookie: string | null = null) {
    this.stack = stack;
    this.cookie = cookie;
  }

  /** Calls an operation as its route says; `headers` are added, and one that is empty is left out. */
  async call(
    name: OperationName,
    input: ApiInput = {},
    headers: Readonly<Record<string, string>> = {},
  ): Promise<ApiAnswer> {
    const route: ApiRoute = API_ROUTES[name];
    const response = await this.send(route.method, pathOf(route, input), input.body, headers);
    const text = await response.text();
    const body = text === '' ? null : (JSON.parse(text) as Record<string, unknown>);
    requireDocumented(name, response.status, body);
    return { status: response.status, headers: response.headers, body };
  }

  /** The answer's body, of an operation that must succeed. */
  async get<Body = Record<string, unknown>>(name: OperationName, input: ApiInput = {}): Promise<Body> {
    const answer = await this.call(name, input);
    if (answer.status >= 300) throw new Error(`${name}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body as Body;
  }

  async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    const all = {
      'cf-connecting-ip': this.address,
      'user-agent': 'api-test/1.0',
      ...(this.cookie === null ? {} : { cookie: `causeway=${this.cookie}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(method === 'GET' ? {} : MARKED),
      ...headers,
    };
    return fetch(`${this.stack.publicUrl}${path}`, {
      method,
      redirect: 'manual',
      headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== '')),
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  }
}

/** Somebody who has signed in through the API itself. */
export async function apiSession(stack: TestStack, account: Account): Promise<ApiClient> {
  const client = new ApiClient(stack);
  const { status, headers } = await client.call('signIn', {
    body: { email: account.email, password: PASSWORD },
  });
  if (status !== 201) throw new Error(`signing in: ${status}`);
  client.cookie = /causeway=([^;]+)/.exec(headers.get('set-cookie') ?? '')?.[1] ?? null;
  return client;
}

export function pathOf(route: ApiRoute, { params = {}, query = {} }: ApiInput): string {
  const path = route.path.replace(/:(\w+)/g, (_match, name: string) =>
    encodeURIComponent(params[name] ?? `no-${name}`),
  );
  const search = new URLSearchParams(query).toString();
  return `${API_ROOT}${path}${search === '' ? '' : `?${search}`}`;
}

const DOCUMENT = openApiDocument('https://causeway.example.com');
const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema(DOCUMENT, 'document');

/** Throws where the document does not know the status of an answer, or describes its body otherwise. */
function requireDocumented(name: OperationName, status: number, body: unknown): void {
  const route: ApiRoute = API_ROUTES[name];
  const path = route.path.replace(/:(\w+)/g, '{$1}');
  const keys = ['paths', path, route.method.toLowerCase(), 'responses', String(status)];
  const response = keys.reduce<unknown>(
    (at, key) => (at as Record<string, unknown> | undefined)?.[key],
    DOCUMENT,
  );
  if (response === undefined) throw new Error(`${name} answered ${status}, which its document does not know`);
  if (!Object.hasOwn(response as object, 'content')) {
    if (body !== null) throw new Error(`${name} answered ${status} with a body`);
    return;
  }
  const pointer = [...keys, 'content', 'application/json', 'schema']
    .map((key) => encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1')))
    .join('/');
  const validate = ajv.getSchema(`document#/${pointer}`);
  if (validate === undefined) throw new Error(`no schema at ${pointer}`);
  if (!validate(body))
    throw new Error(
      `${name} answered ${status} otherwise than documented: ${ajv.errorsText(validate.errors)}`,
    );
}
