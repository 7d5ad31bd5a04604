import { type Check, failed, jsonOf, mediaType, ok, quoted, type Verdict, withAnswer } from '../check.ts';
import type { Answer, Observations, ProbeName } from '../seen.ts';

const SET_PUBLIC_URL = 'set PUBLIC_URL of the Worker to the address that people use, and deploy it again';
const PASS_PATHS = 'let the proxy pass this path to the Worker as it is';

const ENDPOINTS = [
  'authorization_endpoint',
  'token_endpoint',
  'registration_endpoint',
  'revocation_endpoint',
  'device_authorization_endpoint',
  'jwks_uri',
] as const;

export const DOCUMENT_CHECKS: readonly Check[] = [
  documentCheck('resource-metadata', 'resource', 'The metadata of the MCP endpoint', judgeResource),
  documentCheck(
    'resource-metadata-of-path',
    'resourceOfMcp',
    'The metadata of the MCP endpoint, where RFC 9728 puts it for a path,',
    judgeResource,
  ),
  documentCheck('server-metadata', 'server', 'The metadata of the authorization server', judgeServer),
  documentCheck('discovery', 'discovery', 'The OpenID Connect discovery document', (document, observed) => {
    const server = observed.seen.server.kind === 'answer' ? jsonOf(observed.seen.server) : null;
    const other = ['issuer', ...ENDPOINTS].find((name) => server !== null && server[name] !== document[name]);
    return other === undefined
      ? judgeServer(document, observed)
      : failed(
          `Its ${other} is ${quoted(document[other])}, and that of the other document ${quoted(server?.[other])}.`,
          PASS_PATHS,
        );
  }),
  documentCheck('keys', 'keys', 'The set of signing keys', ({ keys }) => {
    const usable = Array.isArray(keys) ? keys.filter(isPublicKey) : [];
    if (Array.isArray(keys) && usable.length === keys.length && keys.length > 0)
      return ok(`${keys.length} public ${keys.length === 1 ? 'key' : 'keys'}.`);
    return failed(`It holds no key that could verify a token: ${quoted(keys)}.`, PASS_PATHS);
  }),
  {
    id: 'endpoints',
    says: 'Every endpoint of the authorization server is reached',
    why: 'agents register, exchange codes and refresh there',
    judge: ({ seen }) => {
      for (const name of ['register', 'token', 'revoke', 'device'] as const) {
        const verdict = withAnswer(seen[name], ENDPOINT_PATHS[name], PASS_PATHS, (answer) => {
          const isOwn = [400, 401].includes(answer.status) && typeof jsonOf(answer)?.error === 'string';
          return isOwn || (answer.status === 429 && jsonOf(answer) !== null)
            ? ok('')
            : failed(`${ENDPOINT_PATHS[name]} is answered ${described(answer)}.`, PASS_PATHS);
        });
        if (verdict.state === 'failed') return verdict;
      }
      return withAnswer(seen.authorize, 'GET /oauth/authorize', PASS_PATHS, (answer) =>
        answer.status >= 400 && answer.status < 500 && mediaType(answer) === 'text/html'
          ? ok('Each answers a request without its parameters as its RFC says.')
          : failed(`GET /oauth/authorize is answered ${described(answer)}.`, PASS_PATHS),
      );
    },
  },
];

const ENDPOINT_PATHS = {
  register: 'POST /oauth/register',
  token: 'POST /oauth/token',
  revoke: 'POST /oauth/revoke',
  device: 'POST /oauth/device',
} as const;

type JudgeDocument = (document: Readonly<Record<string, unknown>>, observed: Observations) => Verdict;

function documentCheck(id: string, probe: ProbeName, what: string, judge: JudgeDocument): Check {
  return {
    id,
    says: `${what} is served, and names the public address alone`,
    why: 'an agent that was given only the address finds everything else by these documents',
    judge: (observed) =>
      withAnswer(observed.seen[probe], what, PASS_PATHS, (answer) => {
        const document = jsonOf(answer);
        if (answer.status !== 200 || document === null)
          return failed(`It is answered ${described(answer)}.`, PASS_PATHS);
        if (mediaType(answer) !== 'application/json')
          return failed(`Its type is ${quoted(mediaType(answer))}, not application/json.`, PASS_PATHS);
        return judge(document, observed);
      }),
  };
}

function judgeResource(
  { resource, authorization_servers: servers }: Readonly<Record<string, unknown>>,
  { publicUrl }: Observations,
): Verdict {
  if (resource !== `${publicUrl}/mcp`) {
    return failed(
      `The resource is ${quoted(resource)}; clients that were given ${publicUrl}/mcp refuse that.`,
      SET_PUBLIC_URL,
    );
  }
  return Array.isArray(servers) && servers.length === 1 && servers[0] === publicUrl
    ? ok(`The resource is ${publicUrl}/mcp.`)
    : failed(`The authorization server is ${quoted(servers)}.`, SET_PUBLIC_URL);
}

function judgeServer(document: Readonly<Record<string, unknown>>, { publicUrl }: Observations): Verdict {
  if (document.issuer !== publicUrl)
    return failed(`The issuer is ${quoted(document.issuer)}, not ${publicUrl}.`, SET_PUBLIC_URL);
  const elsewhere = ENDPOINTS.find((name) => !isBelow(publicUrl, document[name]));
  if (elsewhere !== undefined)
    return failed(`Its ${elsewhere} is ${quoted(document[elsewhere])}.`, SET_PUBLIC_URL);
  const methods = document.code_challenge_methods_supported;
  return Array.isArray(methods) && methods.includes('S256')
    ? ok(`The issuer is ${publicUrl}, and so is the beginning of ${ENDPOINTS.length} endpoints.`)
    : failed('It does not offer PKCE with S256, which agents demand.', PASS_PATHS);
}

function isBelow(publicUrl: string, address: unknown): boolean {
  return typeof address === 'string' && address.startsWith(`${publicUrl}/`);
}

function isPublicKey(key: unknown): boolean {
  if (typeof key !== 'object' || key === null) return false;
  const { kid, kty } = key as { kid?: unknown; kty?: unknown };
  return typeof kid === 'string' && typeof kty === 'string' && !('d' in key) && !('k' in key);
}

/** "404 (text/html)". */
export function described(answer: Answer): string {
  return `${answer.status} (${mediaType(answer) || 'no type'})`;
}
