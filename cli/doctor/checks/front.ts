import { describeQuantity } from '../../../protocol/describe-quantity.ts';
import { LIMITS } from '../../../protocol/limits.ts';
import {
  type Check,
  failed,
  header,
  mediaType,
  ok,
  quoted,
  skipped,
  type Verdict,
  withAnswer,
} from '../check.ts';
import { isLoopback } from '../is-loopback.ts';
import { FORGED_HOST } from '../probes.ts';
import type { Answer, Observations, ProbeName } from '../seen.ts';
import { described } from './documents.ts';

/** The two parts of `GET /healthz` as a stream are a second apart; a network may bring them together a little. */
const STREAM_TOOK_MS_MIN = 500;
const KEEP_HEADERS = 'let the proxy pass the headers of answers as they are';

/** What stands in front of the Worker must change nothing. */
export const FRONT_CHECKS: readonly Check[] = [
  {
    id: 'forged-headers',
    guarantees: ['D1'],
    says: 'Forged X-Forwarded-* headers change nothing',
    why: 'an address that a stranger can choose would lead agents and people, with their codes, to the stranger',
    judge: (observed) => {
      const pairs: readonly (readonly [ProbeName, ProbeName, string])[] = [
        ['server', 'forgedServer', 'the metadata of the authorization server'],
        ['challenge', 'forgedChallenge', 'the challenge of /mcp'],
        ['account', 'forgedAccount', 'where /account sends a person to sign in'],
      ];
      for (const [plain, forged, what] of pairs) {
        const verdict = judgeForged(observed, plain, forged, what);
        if (verdict.state !== 'ok') return verdict;
      }
      return ok('Metadata, challenge and redirects are the same with and without them.');
    },
  },
  {
    id: 'forged-host',
    guarantees: ['D1'],
    says: 'A forged Host header is refused, or changes nothing',
    why: 'links and redirects must come from PUBLIC_URL alone',
    judge: ({ seen }) => {
      if (seen.forgedHost.kind !== 'answer') return ok('It is not answered.');
      const { status } = seen.forgedHost;
      if (mentions(seen.forgedHost)) {
        return failed(
          `With Host: ${FORGED_HOST} the answer (${status}) names that host.`,
          'let nothing in front write addresses of its own, and set PUBLIC_URL of the Worker',
        );
      }
      if (status >= 300) return ok(`It is not served (${status}).`);
      const isSame = seen.server.kind === 'answer' && seen.server.body === seen.forgedHost.body;
      return isSame
        ? ok('The metadata is the same.')
        : failed(
            'The metadata is another.',
            'let the proxy lead all hosts to the one Worker, or refuse them',
          );
    },
  },
  {
    id: 'redirects',
    guarantees: ['G7', 'D1'],
    says: 'A person who is not signed in is sent to sign in, here',
    why: 'a redirect that is rewritten on its way leads nowhere, or elsewhere',
    judge: ({ seen, publicUrl }) =>
      withAnswer(seen.account, 'GET /account', 'let the proxy pass /account to the Worker', (answer) => {
        const location = header(answer, 'location');
        const target = location === null ? null : URL.parse(location, `${publicUrl}/account`);
        if (answer.status !== 303 || target === null) {
          return failed(
            `GET /account is answered ${described(answer)}, not 303.`,
            'let the proxy follow no redirects, and pass Location',
          );
        }
        return target.origin === publicUrl && target.pathname === '/login'
          ? ok('It is /login on the public address.')
          : failed(
              `Location is ${quoted(location)}.`,
              'let the proxy pass Location as it is (nginx: proxy_redirect off)',
            );
      }),
  },
  {
    id: 'cookies',
    guarantees: ['P4'],
    says: 'Pages come with their cookies and their protection',
    why: 'without these headers a browser keeps no session, or shows a page that others can frame',
    judge: ({ seen, publicUrl }) =>
      withAnswer(seen.login, 'GET /login', 'let the proxy pass /login to the Worker', (answer) => {
        if (answer.status !== 200 || mediaType(answer) !== 'text/html')
          return failed(
            `GET /login is answered ${described(answer)}.`,
            'let the proxy pass it to the Worker',
          );
        const missing = ['content-security-policy', 'x-content-type-options'].find(
          (name) => header(answer, name) === null,
        );
        if (missing !== undefined) return failed(`The page comes without ${missing}.`, KEEP_HEADERS);
        return judgeCookie(answer.setCookies[0] ?? null, publicUrl);
      }),
  },
  {
    id: 'streams',
    says: 'Event streams arrive as they are sent',
    why: 'progress and change events are streams; one that is buffered looks like a call that hangs',
    judge: ({ seen }) =>
      withAnswer(seen.stream, 'GET /healthz as a stream', 'let the proxy pass it to the Worker', (answer) => {
        if (answer.status !== 200 || mediaType(answer) !== 'text/event-stream') {
          return skipped(`GET /healthz as a stream is answered ${described(answer)}.`);
        }
        if (answer.bodyTookMs >= STREAM_TOOK_MS_MIN) return ok('Two events came apart, as they were sent.');
        return failed(
          'Two events that were sent a second apart came together.',
          'turn buffering and compression of text/event-stream off (nginx: proxy_buffering off; it also heeds X-Accel-Buffering, which the Worker sends)',
        );
      }),
  },
  {
    id: 'large-bodies',
    says: `Uploads of ${describeQuantity(LIMITS.upload_bytes.value, 'bytes')} are let through`,
    why: 'agents send data sources in one PUT; many proxies take a megabyte by default',
    judge: ({ seen }) => {
      if (seen.largeBody.kind !== 'answer') return skipped('Nobody answers before the body is sent.');
      return seen.largeBody.status === 413
        ? failed(
            'A body of that size is refused by its length (413).',
            `raise the limit of the proxy (nginx: client_max_body_size ${LIMITS.upload_bytes.value / 2 ** 20}m)`,
          )
        : ok(`Its size is not what is refused (${seen.largeBody.status}).`);
    },
  },
];

function judgeForged(
  { seen }: Observations,
  plainName: ProbeName,
  forgedName: ProbeName,
  what: string,
): Verdict {
  const [plain, forged] = [seen[plainName], seen[forgedName]];
  if (plain.kind !== 'answer' || forged.kind !== 'answer')
    return skipped(`There is no answer to compare: ${what}.`);
  const hasMoved =
    plain.status !== forged.status || !plainly(plain).every((part, at) => part === plainly(forged)[at]);
  if (!hasMoved && !mentions(forged)) return ok('');
  return failed(
    `They change ${what}${mentions(forged) ? `, which then names ${FORGED_HOST}` : ` (${plain.status}, then ${forged.status})`}.`,
    'let nothing in front act on these headers of a client, and take them away where a program behind does',
  );
}

/** What an answer says about addresses; its ids differ each time. */
function plainly(answer: Answer): readonly (string | null)[] {
  const isDocument = answer.status === 200;
  return [
    header(answer, 'location')?.split('?')[0] ?? null,
    header(answer, 'www-authenticate'),
    isDocument ? answer.body : '',
  ];
}

function mentions({ headers, body, setCookies }: Answer): boolean {
  return [...Object.values(headers), ...setCookies, body].some((text) => text.includes(FORGED_HOST));
}

function judgeCookie(cookie: string | null, publicUrl: string): Verdict {
  if (cookie === null) return failed('The page sets no cookie, so no form can be sent.', KEEP_HEADERS);
  const has = (attribute: RegExp): boolean => attribute.test(cookie);
  const isPlainLoopback = publicUrl.startsWith('http:') && isLoopback(publicUrl);
  const wanted: readonly (readonly [string, boolean])[] = [
    ['Path=/', has(/;\s*path=\/\s*(;|$)/i)],
    ['HttpOnly', has(/;\s*httponly/i)],
    ['no Domain', !has(/;\s*domain=/i)],
    ['Secure', isPlainLoopback || has(/;\s*secure/i)],
    ['a name with __Host-', isPlainLoopback || cookie.startsWith('__Host-')],
  ];
  const lacking = wanted.filter(([, holds]) => !holds).map(([name]) => name);
  return lacking.length === 0
    ? ok('The form cookie and the security headers are there.')
    : failed(
        `The cookie comes without ${lacking.join(', ')}.`,
        'let the proxy pass Set-Cookie as it is, and set PUBLIC_URL to the https address',
      );
}
