import {
  type Check,
  failed,
  header,
  jsonOf,
  mediaType,
  ok,
  plain,
  quoted,
  skipped,
  withAnswer,
} from '../check.ts';
import { isLoopback } from '../is-loopback.ts';
import type { Answer, Seen } from '../seen.ts';

const CLOCK_SKEW_MS_MAX = 30_000;
const RENEW = 'renew or complete the certificate';
const PROXY = 'point the proxy or DNS record at the Worker, for every path';

export const REACH_CHECKS: readonly Check[] = [
  {
    id: 'reachable',
    says: 'The public address leads to Causeway',
    why: 'people and agents know this address and no other',
    judge: ({ seen, publicUrl, local }) =>
      withAnswer(
        seen.health,
        `GET ${publicUrl}/healthz`,
        reachRemedy(seen.health, local !== null),
        (answer) => {
          const health = jsonOf(answer);
          if (answer.status === 200 && health?.ok === true) return ok('GET /healthz says that all is well.');
          const findings = findingsOf(health);
          if (answer.status === 503 && findings.length > 0) {
            return failed(
              `Start-up checks fail, so nothing is served:${findings.map((finding) => `\n      - ${plain(finding, 500)}`).join('')}`,
              'each says its remedy',
            );
          }
          return failed(
            `GET /healthz is answered ${answer.status} (${mediaType(answer) || 'no type'}) by something else: ${quoted(answer.body)}.`,
            PROXY,
          );
        },
      ),
  },
  {
    id: 'local',
    says: 'The stack on this machine and the public address are the same',
    why: 'a Worker that is well and cannot be reached needs another remedy than one that is not',
    judge: ({ seen, local }) => {
      if (local === null) return skipped('No stack in the state folder serves this address.');
      if (local.health?.ok !== true) {
        return failed(
          `The Worker on 127.0.0.1:${local.workerPort} ${local.health === null ? 'does not answer' : `is not well:${local.health.findings.map((finding) => `\n      - ${plain(finding, 500)}`).join('')}`}.`,
          `./causeway logs worker --state ${local.state}`,
        );
      }
      const isReached = seen.health.kind === 'answer' && seen.health.status === 200;
      return isReached
        ? ok(`The Worker on 127.0.0.1:${local.workerPort} is well, here and there.`)
        : failed(
            `The Worker on 127.0.0.1:${local.workerPort} is well, but not through the public address.`,
            'look at what stands in front: DNS, firewall, proxy',
          );
    },
  },
  {
    id: 'tls',
    says: 'The public address is https',
    why: 'passwords, tokens and codes travel in what is sent; browsers keep no secure cookie without it',
    judge: ({ seen, publicUrl }) => {
      if (isLoopback(publicUrl)) return skipped('The address is on this machine.');
      if (!publicUrl.startsWith('https:')) {
        return failed(
          'The address begins with http.',
          'end TLS in front of the Worker and set PUBLIC_URL to the https address',
        );
      }
      if (seen.health.kind === 'failure' && seen.health.isTls)
        return failed(`TLS fails: ${seen.health.reason}.`, RENEW);
      if (seen.health.kind !== 'answer') return skipped('Nothing answers.');
      return header(seen.health, 'strict-transport-security') === null
        ? failed(
            'Strict-Transport-Security is missing.',
            'let the proxy pass the headers of the Worker, which sends it',
          )
        : ok('The certificate is accepted, and Strict-Transport-Security is sent.');
    },
  },
  {
    id: 'plain-http',
    says: 'Plain http leads to https, or to nothing',
    why: 'what is typed without https must not be answered in the clear',
    judge: ({ seen, publicUrl }) => {
      if (seen.plainHttp.kind === 'not_asked') return skipped('The address is not https.');
      if (seen.plainHttp.kind === 'failure') return ok('Port 80 is closed.');
      const { status } = seen.plainHttp;
      const location = header(seen.plainHttp, 'location');
      const isRedirect = status >= 300 && status < 400 && location?.startsWith(`${publicUrl}/`) === true;
      if (isRedirect) return ok(`Port 80 answers ${status} to ${publicUrl}.`);
      if (status >= 400) return ok(`Port 80 serves nothing (${status}).`);
      return failed(
        `Port 80 answers ${status}${location === null ? '' : ` to ${quoted(location)}`}.`,
        `redirect it to ${publicUrl} with status 308, or close it`,
      );
    },
  },
  {
    id: 'clock',
    says: 'The clocks of server and this machine agree',
    why: 'tokens, tickets and links expire by the clock',
    judge: ({ seen }) => {
      if (seen.stream.kind !== 'answer') return skipped('Nothing answers.');
      const date = Date.parse(timeOf(seen.stream));
      if (Number.isNaN(date)) return skipped('The answer names no date.');
      // The header has whole seconds.
      const early = seen.stream.sentAt - 1_000 - date;
      const late = date - seen.stream.answeredAt;
      const skewMs = Math.max(early, late);
      const apart = `${Math.round(Math.max(0, skewMs) / 1000)} s`;
      return skewMs <= CLOCK_SKEW_MS_MAX
        ? ok(skewMs <= 0 ? 'They agree to the second.' : `They are ${apart} apart.`)
        : failed(
            `The server's clock is ${apart} ${late > early ? 'ahead of' : 'behind'} this machine's.`,
            'run a time service (chrony, systemd-timesyncd) on both and see which of them is wrong',
          );
    },
  },
];

/** The server's time when it answered: what the Worker says itself, else what something in front says. */
function timeOf(answer: Answer): string {
  return /"at":"([^"]+)"/.exec(answer.body)?.[1] ?? header(answer, 'date') ?? '';
}

function reachRemedy(seen: Seen, isLocal: boolean): string {
  if (seen.kind !== 'failure') return PROXY;
  if (seen.isTls) return RENEW;
  return isLocal
    ? 'see whether DNS record, firewall and proxy lead to the Worker'
    : 'see whether the address is right, the deployment runs, and DNS record and firewall lead to it';
}

function findingsOf(health: Readonly<Record<string, unknown>> | null): readonly unknown[] {
  const error = health?.error as { details?: { findings?: unknown } } | undefined;
  const findings = health?.findings ?? error?.details?.findings;
  return Array.isArray(findings) ? findings : [];
}
