import {
  type Answer,
  NOT_ASKED,
  type Observations,
  PROBE_NAMES,
  type ProbeName,
  type Seen,
} from '../../../cli/doctor/seen.ts';

export const URL_OF_WELL = 'https://causeway.example';
const NOW = Date.parse('2026-11-21T12:00:00Z');
const SECURITY = {
  'content-security-policy': "default-src 'none'",
  'x-content-type-options': 'nosniff',
  'strict-transport-security': 'max-age=31536000',
};

export function answer(status: number, more: Partial<Answer> = {}): Answer {
  return {
    kind: 'answer',
    status,
    setCookies: [],
    body: '',
    sentAt: NOW,
    answeredAt: NOW + 20,
    bodyTookMs: 0,
    ...more,
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      ...SECURITY,
      ...more.headers,
    },
  };
}
export const json = (value: unknown, status = 200): Answer => answer(status, { body: JSON.stringify(value) });
export const html = (status: number, more: Partial<Answer> = {}): Answer =>
  answer(status, {
    body: '<p>page',
    ...more,
    headers: { 'content-type': 'text/html; charset=utf-8', ...more.headers },
  });

export const resource = { resource: `${URL_OF_WELL}/mcp`, authorization_servers: [URL_OF_WELL] };
export const server = {
  issuer: URL_OF_WELL,
  authorization_endpoint: `${URL_OF_WELL}/oauth/authorize`,
  token_endpoint: `${URL_OF_WELL}/oauth/token`,
  registration_endpoint: `${URL_OF_WELL}/oauth/register`,
  revocation_endpoint: `${URL_OF_WELL}/oauth/revoke`,
  device_authorization_endpoint: `${URL_OF_WELL}/oauth/device`,
  jwks_uri: `${URL_OF_WELL}/oauth/jwks`,
  code_challenge_methods_supported: ['S256'],
};
const METADATA = `resource_metadata="${URL_OF_WELL}/.well-known/oauth-protected-resource/mcp"`;
export const challenged = (parts: string): Answer =>
  answer(401, { body: '{"error":{}}', headers: { 'www-authenticate': parts } });
export const toLogin = (location: string, status = 303): Answer => answer(status, { headers: { location } });

const SEEN: Readonly<Record<ProbeName, Seen>> = {
  health: json({ ok: true }),
  stream: answer(200, {
    headers: { 'content-type': 'text/event-stream' },
    body: `data: {"ok":true,"at":"2026-11-21T12:00:00.010Z"}\n\n`,
    bodyTookMs: 1_000,
  }),
  plainHttp: answer(308, { headers: { location: `${URL_OF_WELL}/healthz` } }),
  resource: json(resource),
  resourceOfMcp: json(resource),
  server: json(server),
  discovery: json({ ...server, subject_types_supported: ['public'] }),
  keys: json({ keys: [{ kid: 'one', kty: 'EC', x: 'x', y: 'y' }] }),
  challenge: challenged(`Bearer realm="causeway", scope="a", ${METADATA}`),
  badBearer: challenged(`Bearer realm="causeway", error="invalid_token", ${METADATA}`),
  withToken: json({ result: {} }),
  login: html(200, { setCookies: ['__Host-causeway-form=abc; Path=/; HttpOnly; SameSite=Lax; Secure'] }),
  account: toLogin('/login?return_to=sealed-1'),
  token: json({ error: 'invalid_request' }, 400),
  register: json({ error: 'invalid_client_metadata' }, 400),
  revoke: json({ error: 'invalid_client' }, 401),
  device: json({ error: 'invalid_request' }, 400),
  authorize: html(400),
  largeBody: json({ error: {} }, 401),
  forgedServer: json(server),
  forgedChallenge: challenged(`Bearer realm="causeway", scope="a", ${METADATA}`),
  forgedAccount: toLogin('/login?return_to=sealed-2'),
  forgedHost: json({ error: {} }, 403),
  unknown: challenged(`Bearer realm="causeway", ${METADATA}`),
  socket: challenged(`Bearer realm="causeway", ${METADATA}`),
  administration: challenged(`Bearer realm="causeway", ${METADATA}`),
  foreignCall: json({ error: {} }, 403),
  foreignForm: html(403),
};

/** What the doctor sees of a deployment that is well, with changes. */
export function observed(
  changes: Partial<Record<ProbeName, Seen>> = {},
  more: Partial<Omit<Observations, 'seen'>> = {},
): Observations {
  return { publicUrl: URL_OF_WELL, local: null, inside: null, ...more, seen: { ...SEEN, ...changes } };
}

/** The same where no connection is made. */
export function unreachable(reason: string, isTls = false): Observations {
  const failure = { kind: 'failure', reason, isTls } as const;
  return observed(Object.fromEntries(PROBE_NAMES.map((name) => [name, failure])));
}

export { NOT_ASKED };
