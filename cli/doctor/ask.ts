import { type ClientRequest, type IncomingMessage, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { Ask } from './probes.ts';
import type { Answer, Failure, Seen } from './seen.ts';

const TIMEOUT_MS = 15_000;
const BODY_BYTES_MAX = 64 * 1024;

export interface Where {
  readonly publicUrl: string;
  /** Connect to this address instead of what the name resolves to; the name stays in Host and in TLS. */
  readonly connectTo: string | null;
}

/** Makes one request on a connection of its own, follows nothing, and never throws. */
export function ask({ publicUrl, connectTo }: Where, wanted: Ask): Promise<Seen> {
  const url = new URL(wanted.path, publicUrl);
  const isTls = url.protocol === 'https:' && wanted.isPlainHttp !== true;
  const length = wanted.announcedBytes ?? Buffer.byteLength(wanted.body ?? '');
  return new Promise((resolve) => {
    const sentAt = Date.now();
    const asked: ClientRequest = (isTls ? tlsRequest : plainRequest)({
      agent: false,
      host: connectTo ?? url.hostname.replace(/^\[|\]$/g, ''),
      port: wanted.isPlainHttp === true ? 80 : url.port || (isTls ? 443 : 80),
      ...(isTls ? { servername: url.hostname } : {}),
      method: wanted.method,
      path: `${url.pathname}${url.search}`,
      headers: {
        host: url.host,
        'user-agent': 'causeway-doctor/1.0',
        ...(wanted.method === 'GET' ? {} : { 'content-length': String(length) }),
        ...wanted.headers,
      },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const end = (seen: Seen): void => {
      resolve(seen);
      asked.destroy();
    };
    asked.on('error', (error) => end(failureOf(error)));
    asked.on('upgrade', (response) => {
      end(answerOf(response, { sentAt, answeredAt: Date.now(), body: '', bodyTookMs: 0 }));
    });
    asked.on('response', (response) => {
      const answeredAt = Date.now();
      if (wanted.announcedBytes !== undefined)
        return end(answerOf(response, { sentAt, answeredAt, body: '', bodyTookMs: 0 }));
      void readBody(response).then(
        (read) => end(answerOf(response, { sentAt, answeredAt, ...read })),
        (error: unknown) => end(failureOf(error)),
      );
    });
    if (wanted.announcedBytes === undefined) asked.end(wanted.body);
    else asked.flushHeaders();
  });
}

async function readBody(response: IncomingMessage): Promise<Pick<Answer, 'body' | 'bodyTookMs'>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let first: number | undefined;
  let last = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    last = performance.now();
    first ??= last;
    if (bytes < BODY_BYTES_MAX) chunks.push(chunk);
    bytes += chunk.length;
  }
  const body = Buffer.concat(chunks).toString('utf8').slice(0, BODY_BYTES_MAX);
  return { body, bodyTookMs: first === undefined ? 0 : Math.round(last - first) };
}

function answerOf(
  response: IncomingMessage,
  rest: Pick<Answer, 'sentAt' | 'answeredAt' | 'body' | 'bodyTookMs'>,
): Answer {
  const headers = Object.entries(response.headersDistinct).map(([name, values]) => [
    name,
    values?.join(', ') ?? '',
  ]);
  return {
    kind: 'answer',
    status: response.statusCode ?? 0,
    headers: Object.fromEntries(headers),
    setCookies: response.headers['set-cookie'] ?? [],
    ...rest,
  };
}

const REASONS: Readonly<Record<string, string>> = {
  ENOTFOUND: 'its name does not resolve',
  EAI_AGAIN: 'its name cannot be resolved at this moment',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by an authority that this machine does not trust',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate comes without those between it and its authority',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};
const TLS_CODE = /CERT|TLS|SSL|SIGNATURE/;

function failureOf(error: unknown): Failure {
  const { code = '', name = '', message } = error as NodeJS.ErrnoException;
  const timedOut = name === 'TimeoutError' || name === 'AbortError' || code === 'ABORT_ERR';
  const reason = timedOut ? `no answer within ${TIMEOUT_MS / 1000} s` : (REASONS[code] ?? message);
  return { kind: 'failure', reason, isTls: TLS_CODE.test(code) };
}
