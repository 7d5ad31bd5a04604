import type { Env } from '../env.ts';
import { parseLoopbackOrigins } from '../outbound/loopback-origins.ts';
import type { Platform } from '../platform.ts';
import { canonicalResource } from './resource.ts';

/** What a deployment decides about its authorization server. */
export interface OAuthSettings {
  readonly issuer: string;
  readonly resource: string;
  /** Whether clients must say which resource they want a token for. */
  readonly requireResource: boolean;
  /** The https hosts that clients may be redirected to; null for any. */
  readonly redirectHosts: readonly string[] | null;
  /** Origins of this machine on which metadata documents may lie: none, but where `./causeway up` names some. */
  readonly loopbackOrigins: readonly string[];
}

export function oauthSettings({ env, publicUrl }: Platform): OAuthSettings {
  return {
    issuer: publicUrl,
    resource: canonicalResource(publicUrl),
    requireResource: env.OAUTH_REQUIRE_RESOURCE === 'on',
    redirectHosts: readHosts(env.OAUTH_REDIRECT_HOSTS),
    loopbackOrigins: parseLoopbackOrigins(env.LOOPBACK_ORIGINS ?? '') ?? [],
  };
}

function readHosts(hosts: Env['OAUTH_REDIRECT_HOSTS']): readonly string[] | null {
  const list = (hosts ?? '').split(',').map((host) => host.trim().toLowerCase());
  const named = list.filter((host) => host !== '');
  return named.length === 0 ? null : named;
}
