import { createHash, randomBytes } from 'node:crypto';
import type { TestStack } from './stack.ts';
import { type Account, newAddress, Visitor } from './visitor.ts';

/** A client as its registration was answered (RFC 7591, section 3.2.1). */
export interface RegisteredClient {
  readonly client_id: string;
  readonly client_secret?: string;
  readonly redirect_uris: readonly string[];
}

/** A token response (RFC 6749, section 5.1). */
export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly token_type: string;
  readonly expires_in: number;
  readonly scope: string;
}

export const REDIRECT = 'http://127.0.0.1:9999/callback';
const METADATA = {
  client_name: 'Test agent',
  redirect_uris: [REDIRECT],
  grant_types: ['authorization_code', 'refresh_token'],
  token_endpoint_auth_method: 'none',
};

/** Sends a registration from an address of its own, so that no test meets another's limit. */
export function postRegistration(
  stack: TestStack,
  metadata: unknown,
  address = newAddress(),
): Promise<Response> {
  return fetch(`${stack.publicUrl}/oauth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'cf-connecting-ip': address },
    body: typeof metadata === 'string' ? metadata : JSON.stringify(metadata),
  });
}

export async function registerClient(stack: TestStack, changes: object = {}): Promise<RegisteredClient> {
  const response = await postRegistration(stack, { ...METADATA, ...changes });
  if (response.status !== 201) throw new Error(`registration: ${response.status} ${await response.text()}`);
  return (await response.json()) as RegisteredClient;
}

export interface Pkce {
  readonly verifier: string;
  readonly challenge: string;
}

export function newPkce(): Pkce {
  const verifier = randomBytes(32).toString('base64url');
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') };
}

/** The path of an authorization request; a change to undefined leaves a parameter out. */
export function authorizePath(
  client: Pick<RegisteredClient, 'client_id'>,
  pkce: Pkce,
  changes: Readonly<Record<string, string | undefined>> = {},
): string {
  const parameters = {
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: REDIRECT,
    code_challenge: pkce.challenge,
    code_challenge_method: 'S256',
    state: 'state-1',
    ...changes,
  };
  const given = Object.entries(parameters).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return `/oauth/authorize?${new URLSearchParams(given)}`;
}

/** A browser of somebody who has signed in. */
export async function signedIn(stack: TestStack, account: Account, password?: string): Promise<Visitor> {
  const visitor = new Visitor(stack);
  const response = await visitor.signIn(account.email, password);
  if (response.status !== 303) throw new Error(`sign-in: ${response.status}`);
  return visitor;
}

/** Opens the consent page and answers it; where the browser is sent then. */
export async function decide(
  visitor: Visitor,
  path: string,
  decision: 'allow' | 'deny' = 'allow',
): Promise<URL> {
  const response = await visitor.submit(path, '/oauth/authorize', { decision });
  if (response.status !== 303) throw new Error(`consent: ${response.status} ${await response.text()}`);
  return new URL(response.headers.get('location') ?? '');
}

export function postForm(
  stack: TestStack,
  path: string,
  fields: Readonly<Record<string, string>> | string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(`${stack.publicUrl}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: typeof fields === 'string' ? fields : new URLSearchParams(fields),
  });
}

/** What a token endpoint answered: status and body, for one comparison. */
export async function exchange(
  stack: TestStack,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly body: Tokens & { readonly error?: string } }> {
  const response = await postForm(stack, '/oauth/token', fields, headers);
  return { status: response.status, body: (await response.json()) as Tokens & { error?: string } };
}

/** A code that was just given, with all that its exchange needs. */
export interface FreshCode {
  readonly client: RegisteredClient;
  readonly fields: Readonly<Record<string, string>>;
}

export async function freshCode(
  stack: TestStack,
  visitor: Visitor,
  options: { readonly client?: RegisteredClient; readonly changes?: Record<string, string | undefined> } = {},
): Promise<FreshCode> {
  const client = options.client ?? (await registerClient(stack));
  const pkce = newPkce();
  const location = await decide(visitor, authorizePath(client, pkce, options.changes));
  const code = location.searchParams.get('code');
  if (code === null) throw new Error(`no code: ${location.href}`);
  return {
    client,
    fields: {
      grant_type: 'authorization_code',
      client_id: client.client_id,
      code,
      redirect_uri: options.changes?.redirect_uri ?? REDIRECT,
      code_verifier: pkce.verifier,
    },
  };
}

export interface Connected {
  readonly client: RegisteredClient;
  readonly tokens: Tokens;
}

/** A client that somebody has let in, with its first tokens. */
export async function connect(
  stack: TestStack,
  visitor: Visitor,
  changes: Record<string, string | undefined> = {},
): Promise<Connected> {
  const { client, fields } = await freshCode(stack, visitor, { changes });
  const { status, body } = await exchange(stack, fields);
  if (status !== 200) throw new Error(`token: ${status} ${JSON.stringify(body)}`);
  return { client, tokens: body };
}

export function refreshFields({ client, tokens }: Connected): Record<string, string> {
  return { grant_type: 'refresh_token', client_id: client.client_id, refresh_token: tokens.refresh_token };
}

/** The claims of a JWT, unverified: for looking at what was issued. */
export function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >;
}
