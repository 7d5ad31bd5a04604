import type { ClientCapabilities } from '@modelcontextprotocol/server';
import { encodeBase64url } from '../../../protocol/base64url.ts';
import { limit } from '../../../protocol/limits.ts';
import { type SealKey, seal, unseal } from '../../seal/seal.ts';
import type { Principal } from '../../tenants/principal.ts';

/** What of a client's capabilities a server of ours can use: the questions that it may be asked. */
export type Abilities = Pick<ClientCapabilities, 'elicitation' | 'sampling' | 'roots'>;

/** A session of the 2025 era: all of it stands in its own id, so that it costs nothing and survives a restart. */
export interface Session {
  /** Random; names the session where it has state. */
  readonly id: string;
  readonly protocolVersion: string;
  readonly client: { readonly name: string; readonly version: string };
  readonly abilities: Abilities;
  /** Unix ms. */
  readonly expiresAt: number;
}

/** A session and whose it is: the credential that opened it, which for an agent is its grant and outlives its tokens. */
export interface OwnedSession {
  readonly session: Session;
  readonly tenant: string;
  readonly credential: string;
}

type Who = Pick<Principal, 'tenantId' | 'credential'>;

/** What a client says in `initialize`, once the SDK has accepted it. */
export interface Introduction {
  readonly capabilities: ClientCapabilities;
  readonly clientInfo: { readonly name: string; readonly version: string };
}

const ID_BYTES = 16;
const NAME_CHARS_MAX = 64;
/** Longer ones are not ours; they are refused before anything is computed. */
const HEADER_CHARS_MAX = 2048;

/** The value of `Mcp-Session-Id` for a client that has just introduced itself. Printable ASCII, as the protocol wants. */
export function sealSession(
  key: SealKey,
  who: Who,
  protocolVersion: string,
  introduction: Introduction,
  now: number = Date.now(),
): Promise<string> {
  const lifetimeMs = limit('mcp_session_lifetime_ms');
  const { name, version } = introduction.clientInfo;
  const session: Session = {
    id: encodeBase64url(crypto.getRandomValues(new Uint8Array(ID_BYTES))),
    protocolVersion,
    client: { name: name.slice(0, NAME_CHARS_MAX), version: version.slice(0, NAME_CHARS_MAX) },
    abilities: abilitiesOf(introduction.capabilities),
    expiresAt: now + lifetimeMs,
  };
  return seal<OwnedSession>(key, 'session', { session, ...ownerOf(who) }, lifetimeMs, now);
}

/** The session that `header` names, whoever's it is; null where it is forged or expired. */
export async function unsealSession(
  key: SealKey,
  header: string,
  now: number = Date.now(),
): Promise<OwnedSession | null> {
  if (header.length > HEADER_CHARS_MAX) return null;
  const opened = await unseal<OwnedSession>(key, 'session', header, now);
  return opened.ok ? opened.claim : null;
}

/** The session where it is `who`'s; null where it is somebody else's, which must look like none. */
export function ownSession({ session, tenant, credential }: OwnedSession, who: Who): Session | null {
  const owner = ownerOf(who);
  return tenant === owner.tenant && credential === owner.credential ? session : null;
}

function ownerOf({ tenantId, credential }: Who): Omit<OwnedSession, 'session'> {
  return { tenant: tenantId, credential: `${credential.kind} ${credential.id}` };
}

/** Reduced to what is known, so that a client cannot make its own id grow. */
function abilitiesOf({ elicitation, sampling, roots }: ClientCapabilities): Abilities {
  return {
    ...(elicitation === undefined
      ? {}
      : {
          elicitation: {
            ...(elicitation.form === undefined ? {} : { form: {} }),
            ...(elicitation.url === undefined ? {} : { url: {} }),
          },
        }),
    ...(sampling === undefined ? {} : { sampling: sampling.tools === undefined ? {} : { tools: {} } }),
    ...(roots === undefined ? {} : { roots: {} }),
  };
}
