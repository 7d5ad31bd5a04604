import { createHash } from 'node:crypto';
import { z } from 'zod';
import { revokeOAuthClient } from '../../cli/database/oauth-operator.ts';
import { newSecret } from '../../protocol/secret.ts';
import { Browser, type Place } from './browser.ts';
import type { People } from './open-people.ts';

const REDIRECT = 'http://127.0.0.1:9/callback';
const ADDRESS = '198.51.100.1';
const registered = z.object({ client_id: z.string() });

/** An OAuth client of the benchmark, and a person who lets it in as often as it asks. */
export interface Agent {
  readonly clientId: string;
  /** Codes that a person consented to on the page; each makes a grant of its own. */
  authorize(count: number): Promise<readonly string[]>;
  /** The form that exchanges `code`. */
  exchangeOf(code: string): Readonly<Record<string, string>>;
  refreshOf(refreshToken: string): Readonly<Record<string, string>>;
  /** Ends the client and all its grants. */
  close(): Promise<void>;
}

export async function openAgent(place: Place, ownerUrl: string, people: People): Promise<Agent> {
  const clientId = await register(place);
  const verifier = newSecret();
  const browser = new Browser(place, ADDRESS);
  const [email = ''] = people.emails;
  await browser.submit('/login', await browser.open('/login', '/login'), {
    email,
    password: people.password,
  });
  const request = new URLSearchParams({
    response_type: 'code',
    client_id: clientId,
    redirect_uri: REDIRECT,
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    state: 'bench',
  });
  const consent = async (): Promise<string> => {
    const page = await browser.open(`/oauth/authorize?${request}`, '/oauth/authorize');
    const location = await browser.submit('/oauth/authorize', page, { decision: 'allow' });
    const code = new URL(location).searchParams.get('code');
    if (code === null) throw new Error(`no code: ${location}`);
    return code;
  };
  return {
    clientId,
    async authorize(count) {
      const codes: string[] = [];
      while (codes.length < count) codes.push(await consent());
      return codes;
    },
    exchangeOf: (code) => ({
      grant_type: 'authorization_code',
      client_id: clientId,
      code,
      redirect_uri: REDIRECT,
      code_verifier: verifier,
    }),
    refreshOf: (token) => ({ grant_type: 'refresh_token', client_id: clientId, refresh_token: token }),
    close: async () => {
      await revokeOAuthClient(ownerUrl, clientId);
    },
  };
}

async function register({ port }: Place): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/oauth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'cf-connecting-ip': ADDRESS },
    body: JSON.stringify({
      client_name: 'Benchmark',
      redirect_uris: [REDIRECT],
      grant_types: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_method: 'none',
    }),
  });
  return registered.parse(await response.json()).client_id;
}
