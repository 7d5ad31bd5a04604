import type { SinkKind } from '../../database/audit-sinks.ts';

/** A sink is never changed: what it got, it got under one address and one key. */
const ANEW = 'end this sink and add one';
const KEY = `The access key is not known there, or its secret half is another: ${ANEW} with the right one. It gets every entry from the first on.`;
const MAY_NOT =
  'The access key may not put there: allow it s3:PutObject, or logs:PutLogEvents and logs:CreateLogStream.';
const NO_ADDRESS = `Nothing is sent to such an address: ${ANEW} with an https address on port 443 of a public name.`;
const REGION = `The bucket is in another region: ${ANEW} with its region and address.`;

/** By what `send-batch.ts` answers, and by what AWS calls it. The receiver chooses the word: a plain object has more of them. */
const SAID: ReadonlyMap<string, string> = new Map(
  Object.entries({
    too_slow:
      'It did not answer within ten seconds: it should answer as soon as it has the batch, and work afterwards.',
    unreachable:
      'There was no connection, or it broke: see that it runs, that its name leads to a public address, and that its certificate is valid.',
    key_does_not_open: `The stored access key opens with no key of this deployment: tell the operator, and ${ANEW} with a new access key.`,
    rejected_events:
      'CloudWatch said that it did not take all of it: look at the retention and the limits of the log group.',
    failed: 'An error on this side: the operator finds it in the log of the Worker as `audit-sink`.',
    malformed: NO_ADDRESS,
    not_https: NO_ADDRESS,
    credentials: NO_ADDRESS,
    other_port: NO_ADDRESS,
    internal_address: NO_ADDRESS,
    internal_name: NO_ADDRESS,
    ResourceNotFoundException:
      'There is no such log group: make it, in this region. The stream is made by itself.',
    NoSuchBucket: 'There is no such bucket: make it.',
    AccessDenied: MAY_NOT,
    AccessDeniedException: MAY_NOT,
    InvalidAccessKeyId: KEY,
    InvalidSignatureException: KEY,
    SignatureDoesNotMatch: KEY,
    UnrecognizedClientException: KEY,
    ExpiredTokenException: KEY,
    AuthorizationHeaderMalformed: REGION,
    PermanentRedirect: REGION,
    ThrottlingException: 'It takes less in a second: it is asked again by itself.',
    http_404: 'Nothing at that address takes it: see that the path is the right one.',
    http_410: 'Nothing at that address takes it any more.',
    http_413: 'It takes no body of this size: let it take a megabyte.',
    http_429: 'It takes less often: it is asked again by itself.',
  }),
);

/** What a sink's failure means and what to do about it, in one or two sentences. Pure. */
export function explainFailure(reason: string, kind: SinkKind): string {
  const said = SAID.get(reason);
  if (said !== undefined) return said;
  const status = Number(/^http_(\d{3})$/.exec(reason)?.[1] ?? 0);
  if (status >= 300 && status < 400)
    return kind === 's3'
      ? REGION
      : `It answered with a redirect, which is never followed: ${ANEW} with the address that it leads to.`;
  if (status === 401 || status === 403)
    return kind === 'webhook'
      ? 'It let nobody in: a receiver knows a batch by its signature alone, no other credential is sent. See that it has the secret of this sink.'
      : MAY_NOT;
  if (status >= 500) return 'The receiver failed: its own log says why.';
  return `It answered ${status === 0 ? reason : status}; 2xx alone means that it has taken the batch.`;
}
