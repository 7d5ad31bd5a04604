import { limit } from '../../protocol/limits.ts';
import { accept, type Judged, refuse } from './refusal.ts';

/** A redirect URI that belongs to its client; nothing else is ever redirected to. */
export type RedirectUri = string & { readonly __checked: 'redirect_uri' };

const LOOPBACK = /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(?::(\d{1,5}))?(\/[^#]*)?$/;
/** Schemes of installed agents that are no reverse domain names (RFC 8252, section 7.1, asks for those). */
const AGENT_SCHEMES = ['claude', 'cursor', 'vscode', 'vscode-insiders', 'windsurf', 'zed'];

/**
 * Judges a redirect URI at registration: https; http on a loopback address; or the private scheme of an installed
 * agent. The parser must not change it, so that what is compared later as text is what a browser will open.
 *
 * @param hosts the deployment's list of https redirect hosts, null where every host may register
 */
export function judgeRegisteredRedirect(uri: string, hosts: readonly string[] | null): Judged<RedirectUri> {
  const refused = refuse('invalid_redirect_uri');
  if (uri.length > limit('uri_chars') || !/^[\x21-\x7e]+$/.test(uri) || uri.includes('#')) return refused;
  const url = URL.parse(uri);
  if (url === null || (url.href !== uri && url.href !== `${uri}/`)) return refused;
  if (url.username !== '' || url.password !== '' || /%2e/i.test(url.pathname)) return refused;
  switch (url.protocol) {
    case 'https:':
      return hosts === null || hosts.includes(url.hostname) ? accept(uri as RedirectUri) : refused;
    case 'http:':
      return LOOPBACK.test(uri) ? accept(uri as RedirectUri) : refused;
    default:
      return isAgentScheme(url.protocol.slice(0, -1)) ? accept(uri as RedirectUri) : refused;
  }
}

/** A reverse domain name, or a scheme of the list: never one that a browser runs or reads by itself. */
function isAgentScheme(scheme: string): boolean {
  return AGENT_SCHEMES.includes(scheme) || /^[a-z][a-z0-9-]*(\.[a-z0-9-]+)+$/.test(scheme);
}

/**
 * Finds the redirect URI of an authorization request among the registered ones, by their text (RFC 9700, section 2.1).
 * On a loopback address the port alone may differ (RFC 8252, section 7.3). Omitted means the only registered one.
 */
export function judgeRedirect(
  presented: string | undefined,
  registered: readonly string[],
): Judged<RedirectUri> {
  if (presented === undefined) {
    const [only] = registered;
    return registered.length === 1 && only !== undefined
      ? accept(only as RedirectUri)
      : refuse('missing_redirect');
  }
  const isOne = registered.some((uri) => uri === presented || isSameLoopback(uri, presented));
  return isOne ? accept(presented as RedirectUri) : refuse('unregistered_redirect');
}

function isSameLoopback(registered: string, presented: string): boolean {
  const ours = LOOPBACK.exec(registered);
  const theirs = LOOPBACK.exec(presented);
  if (ours === null || theirs === null || Number(theirs[2] ?? 80) > 65535) return false;
  return ours[1] === theirs[1] && (ours[3] ?? '') === (theirs[3] ?? '');
}

/** Where an answer goes, as a person reads it: a host, this machine, or an app. */
export function describeRedirect(uri: string): string {
  const url = new URL(uri);
  if (LOOPBACK.test(uri)) return `a program on this computer (${url.hostname})`;
  return url.protocol === 'https:' ? url.hostname : `the app behind ${url.protocol}`;
}
