import type { z } from 'zod';
import type { HttpResponse } from '../load/read-responses.ts';
import { answers, formRequest, getRequest, inTurn, mcpRequest } from '../load/requests.ts';
import type { Target } from '../load/target.ts';
import type { BenchTenant } from '../stack/bench-tenant.ts';
import { type GrantedTokens, tokenResponse } from './access-tokens.ts';
import { addressOf, type LoginPage, loginRequest } from './login-request.ts';
import type { Agent } from './open-agent.ts';
import type { People } from './open-people.ts';

export interface Places {
  readonly worker: { readonly port: number; readonly pid: number };
  readonly bare: { readonly port: number; readonly pid: number };
  readonly tenant: BenchTenant;
  readonly people: People;
  readonly agent: Agent;
  readonly loginPage: LoginPage;
  readonly grants: GrantedTokens;
  /** How many codes and unused tokens one measurement has. */
  readonly usedUp: number;
}

/** What the cryptography costs alone, then each operation of identity whole, through the front door. */
export function targetsOf(places: Places): Target[] {
  const { worker, bare, tenant } = places;
  return [
    withAccessTokens(places, {
      name: 'bare Worker: ES256 verified',
      ...bare,
      request: (token) => getRequest('/signature', { authorization: `Bearer ${token}` }),
      check: answers('"sub"'),
    }),
    {
      name: 'bare Worker: argon2id verified',
      ...bare,
      next: inTurn([getRequest('/argon2id')]),
      check: answers('"right":true'),
    },
    codeToTokens(places),
    refresh(places),
    withAccessTokens(places, {
      name: 'whoami by access token',
      ...worker,
      request: (token) => mcpRequest('tools/call', 'whoami', token),
      check: answers('"structuredContent"'),
    }),
    {
      name: 'whoami by API token, remembered',
      ...worker,
      next: inTurn(tenant.tokens.map((token) => mcpRequest('tools/call', 'whoami', token))),
      check: answers('"structuredContent"'),
    },
    firstCalls(places),
    login(places),
  ];
}

/** Requests with access tokens in turn, which are alive whenever it is measured. */
function withAccessTokens(
  { grants }: Places,
  { request, ...target }: Omit<Target, 'prepare' | 'next'> & { readonly request: (token: string) => Buffer },
): Target {
  let next: () => Buffer | null = () => null;
  return {
    ...target,
    async prepare() {
      await grants.renew();
      next = inTurn(grants.access().map(request));
    },
    next: () => next(),
  };
}

function codeToTokens({ worker, agent, usedUp }: Places): Target {
  let codes: string[] = [];
  return {
    name: 'code to tokens',
    ...worker,
    async prepare() {
      codes = [...(await agent.authorize(usedUp))];
    },
    next() {
      const code = codes.pop();
      return code === undefined ? null : formRequest('/oauth/token', agent.exchangeOf(code));
    },
    check: answers('"access_token"'),
  };
}

/** Each connection goes on with the refresh token that its last answer gave. */
function refresh({ worker, agent, grants }: Places): Target {
  const current = [...grants.refresh];
  return {
    name: 'refresh',
    ...worker,
    next: (connection) => formRequest('/oauth/token', agent.refreshOf(current[connection] ?? '')),
    check(response, connection) {
      current[connection] = tokensOf(response).refresh_token;
    },
  };
}

function firstCalls({ worker, tenant, usedUp }: Places): Target {
  let unused: string[] = [];
  let call = 0;
  return {
    name: 'whoami by API token, first (argon2id)',
    ...worker,
    async prepare() {
      unused = [...(await tenant.mint(usedUp))];
    },
    next() {
      const token = unused.pop();
      if (token === undefined) return null;
      return mcpRequest('tools/call', 'whoami', token, { 'cf-connecting-ip': addressOf(call++) });
    },
    check: answers('"structuredContent"'),
  };
}

function login({ worker, people, loginPage }: Places): Target {
  const requests = people.emails.map((email, nth) =>
    loginRequest(loginPage, { email, password: people.password, address: addressOf(nth) }),
  );
  return {
    name: 'login',
    ...worker,
    next: inTurn(requests),
    check: ({ status, body }) => {
      if (status !== 303)
        throw new Error(`expected a signed-in person, got ${status}: ${body.slice(0, 300)}`);
    },
  };
}

/** What the token endpoint gave. Throws where it gave an error. */
function tokensOf({ status, body }: HttpResponse): z.infer<typeof tokenResponse> {
  if (status !== 200) throw new Error(`expected tokens, got ${status}: ${body}`);
  return tokenResponse.parse(JSON.parse(body));
}
