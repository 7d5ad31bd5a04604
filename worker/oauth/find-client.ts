import { findStoredClient, storeClient } from '../database/oauth-clients.ts';
import { fetchJson } from '../outbound/guarded-fetch.ts';
import type { Platform } from '../platform.ts';
import type { Client } from './client.ts';
import { cacheSeconds, isDocumentId, isGoodDocumentId, judgeDocument } from './client-document.ts';
import { accept, type Judged, refuse } from './refusal.ts';
import { oauthSettings } from './settings.ts';

/** A client as it was stored: for requests that follow an authorization, and so need no newer document. */
export async function findKnownClient(platform: Platform, clientId: string): Promise<Judged<Client>> {
  const stored = await findStoredClient(platform.database, clientId);
  if (stored === null || stored.revoked) return refuse('unknown_client');
  return stored.fresh || stored.origin === 'document' ? accept(stored) : refuse('unknown_client');
}

/** A client that asks for authorization: registered, or by its metadata document, which is fetched where it is old. */
export async function findClient(platform: Platform, clientId: string): Promise<Judged<Client>> {
  if (!isDocumentId(clientId)) return findKnownClient(platform, clientId);
  const settings = oauthSettings(platform);
  if (!isGoodDocumentId(clientId, settings)) return refuse('invalid_document', 'client_id');
  const stored = await findStoredClient(platform.database, clientId);
  if (stored?.revoked) return refuse('unknown_client');
  if (stored?.fresh) return accept(stored);

  const outbound = platform.env.OUTBOUND;
  const fetched = await fetchJson(clientId, {
    internet: (url, init) => fetch(url, init),
    loopback: (url, init) => (outbound === undefined ? fetch(url, init) : outbound.fetch(url, init)),
    loopbackOrigins: settings.loopbackOrigins,
  });
  if (!fetched.ok) return refuse('document_unavailable', fetched.reason);
  const judged = judgeDocument(fetched.json, clientId, {
    redirectHosts: settings.redirectHosts,
    refusedText: platform.refusedText,
  });
  if (!judged.ok) return judged;
  const client: Client = { id: clientId, origin: 'document', secretSha256: null, ...judged.value };
  await storeClient(platform.database, client, cacheSeconds(fetched.maxAgeSeconds));
  return accept(client);
}
