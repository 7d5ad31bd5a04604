import { limit } from '../../protocol/limits.ts';
import type { ProbeName } from './seen.ts';

/** One request. */
export interface Ask {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Announces a body of so many bytes and sends none of it: who refuses it by its size says so at once. */
  readonly announcedBytes?: number;
  /** Asks by plain http on port 80, whatever the address says. */
  readonly isPlainHttp?: boolean;
}

export interface Target {
  readonly publicUrl: string;
  /** A living token, where there is one. */
  readonly token: string | null;
}

export const FORGED_HOST = 'forged.example';
export const FOREIGN_ORIGIN = 'https://foreign.example';

/** What a client, or a proxy that trusts one, may claim about the address that was asked for. */
const FORGED = {
  forwarded: `for=203.0.113.7;host=${FORGED_HOST};proto=http`,
  'x-forwarded-host': FORGED_HOST,
  'x-forwarded-server': FORGED_HOST,
  'x-forwarded-proto': 'http',
  'x-forwarded-port': '81',
  'x-forwarded-prefix': '/forged',
  'x-forwarded-for': '203.0.113.7',
  'x-original-host': FORGED_HOST,
  'x-host': FORGED_HOST,
  'x-original-url': '/forged',
  'x-rewrite-url': '/forged',
};

const FOREIGN = { origin: FOREIGN_ORIGIN, 'sec-fetch-site': 'cross-site' };
const VERSION = '2026-07-28';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const JSON_BODY = { 'content-type': 'application/json' };
const MCP = { ...JSON_BODY, accept: 'application/json, text/event-stream' };
const TOOLS_LIST = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/list',
  params: {
    _meta: {
      'io.modelcontextprotocol/protocolVersion': VERSION,
      'io.modelcontextprotocol/clientInfo': { name: 'causeway-doctor', version: '1.0.0' },
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  },
});
const get = (path: string, headers: Readonly<Record<string, string>> = {}): Ask => ({
  method: 'GET',
  path,
  headers,
});
const SERVER = '/.well-known/oauth-authorization-server';
const challenge = (headers: Readonly<Record<string, string>> = {}): Ask => ({
  method: 'POST',
  path: '/mcp',
  headers: { ...MCP, ...headers },
  body: TOOLS_LIST,
});
const emptyForm = (path: string): Ask => ({ method: 'POST', path, headers: FORM, body: '' });

/** Every request that the doctor makes; null where it does not apply. None of them changes anything. */
export const PROBES: Readonly<Record<ProbeName, (target: Target) => Ask | null>> = {
  health: () => get('/healthz'),
  stream: () => get('/healthz', { accept: 'text/event-stream' }),
  plainHttp: ({ publicUrl }) =>
    publicUrl.startsWith('https:') ? { ...get('/healthz'), isPlainHttp: true } : null,
  resource: () => get('/.well-known/oauth-protected-resource'),
  resourceOfMcp: () => get('/.well-known/oauth-protected-resource/mcp'),
  server: () => get(SERVER),
  discovery: () => get('/.well-known/openid-configuration'),
  keys: () => get('/oauth/jwks'),
  challenge: () => challenge(),
  badBearer: () => challenge({ authorization: 'Bearer causeway-doctor' }),
  withToken: ({ token }) =>
    token === null
      ? null
      : challenge({
          authorization: `Bearer ${token}`,
          'mcp-protocol-version': VERSION,
          'mcp-method': 'tools/list',
        }),
  login: () => get('/login'),
  account: () => get('/account'),
  token: () => emptyForm('/oauth/token'),
  register: () => ({ method: 'POST', path: '/oauth/register', headers: JSON_BODY, body: '{}' }),
  revoke: () => emptyForm('/oauth/revoke'),
  device: () => emptyForm('/oauth/device'),
  authorize: () => get('/oauth/authorize'),
  largeBody: () => ({
    method: 'PUT',
    path: '/uploads/causeway-doctor',
    announcedBytes: limit('upload_bytes'),
  }),
  forgedServer: () => get(SERVER, FORGED),
  forgedChallenge: () => challenge(FORGED),
  forgedAccount: () => get('/account', FORGED),
  forgedHost: () => get(SERVER, { host: FORGED_HOST }),
  unknown: () => get('/causeway-doctor'),
  socket: () =>
    get('/mcp/ws', {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'Y2F1c2V3YXktZG9jdG9yIQ==',
      'sec-websocket-protocol': 'mcp',
    }),
  administration: () => get('/api/v1/members'),
  foreignCall: () => challenge(FOREIGN),
  foreignForm: () => ({ ...emptyForm('/login'), headers: { ...FORM, ...FOREIGN } }),
};
