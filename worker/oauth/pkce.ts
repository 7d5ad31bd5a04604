import { encodeBase64url } from '../../protocol/base64url.ts';
import { accept, type Judged, refuse } from './refusal.ts';

/** A code challenge of the right form: base64url of a SHA-256 (RFC 7636, section 4.2). */
export type Challenge = string & { readonly __checked: 'challenge' };

/** Judges the challenge of an authorization request. S256 alone: absent means `plain` in the RFC, and plain is declined. */
export function judgeChallenge(challenge: string | undefined, method: string | undefined): Judged<Challenge> {
  if (challenge === undefined) return refuse('challenge_missing');
  if (method !== 'S256') return refuse('challenge_not_s256');
  if (!/^[A-Za-z0-9_-]{43}$/.test(challenge)) return refuse('malformed_challenge');
  return accept(challenge as Challenge);
}

/** Judges a verifier against the challenge of its code (RFC 7636, sections 4.1 and 4.6). */
export async function judgeVerifier(verifier: string | undefined, challenge: string): Promise<Judged<true>> {
  if (verifier === undefined) return refuse('verifier_missing');
  if (!/^[A-Za-z0-9\-._~]{43,128}$/.test(verifier)) return refuse('malformed_verifier');
  return (await challengeOf(verifier)) === challenge ? accept(true) : refuse('wrong_verifier');
}

export async function challengeOf(verifier: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier));
  return encodeBase64url(new Uint8Array(digest));
}
