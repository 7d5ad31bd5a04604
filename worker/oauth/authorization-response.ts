import type { AnswerAddress } from './judge-authorization.ts';
import { type OAuthRefusal, wireError } from './refusal.ts';

/** The address with the answer to an authorization request; `iss` says who answers (RFC 9207, section 2). */
export function answerUrl(
  { redirectUri, state }: AnswerAddress,
  issuer: string,
  answer: { readonly code: string } | OAuthRefusal,
): string {
  const url = new URL(redirectUri);
  if ('code' in answer) url.searchParams.append('code', answer.code);
  else {
    const { error, description } = wireError(answer);
    url.searchParams.append('error', error);
    url.searchParams.append('error_description', description);
  }
  if (state !== undefined) url.searchParams.append('state', state);
  url.searchParams.append('iss', issuer);
  return url.href;
}

/** Sends the browser to the client, with GET whatever the method was (RFC 9700, section 4.12: 303, never 307). */
export function answerClient(
  address: AnswerAddress,
  issuer: string,
  answer: { readonly code: string } | OAuthRefusal,
): Response {
  return new Response(null, {
    status: 303,
    headers: {
      location: answerUrl(address, issuer, answer),
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
    },
  });
}
