import { decodeBase64, encodeBase64 } from '../../blobs/base64.ts';
import { utf8 } from '../../blobs/sha256.ts';
import type { ClaimedBatch } from '../../database/audit-sinks.ts';
import type { Exits } from '../../outbound/guarded-fetch.ts';
import { sendOutside } from '../../outbound/send-outside.ts';
import type { SealKey } from '../../seal/seal.ts';

/** The secret with which a webhook's batches are signed, as its receiver holds it (Standard Webhooks). */
export async function secretOfSink(key: SealKey, sink: string): Promise<string> {
  const bytes = await crypto.subtle.sign('HMAC', key, utf8(`audit sink:${sink}`));
  return `whsec_${encodeBase64(new Uint8Array(bytes))}`;
}

/**
 * Posts a batch to its webhook, signed as Standard Webhooks says: HMAC-SHA256 over id, time and body. Only 2xx means that it was
 * taken; what is answered is not read. The reason why it was not taken, or null. Never throws.
 */
export async function postBatch(
  batch: Pick<ClaimedBatch, 'tenant' | 'sink' | 'url' | 'from' | 'entries'>,
  exits: Exits,
  secret: string,
  nowMs: number,
): Promise<string | null> {
  const body = `{"type":"audit.events","tenant":"${batch.tenant}","entries":[${batch.entries.join(',')}]}`;
  const id = `${batch.sink}.${batch.from}.${batch.from + batch.entries.length}`;
  const seconds = Math.floor(nowMs / 1000);
  return sendOutside(batch.url, exits, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'user-agent': 'Causeway',
      'webhook-id': id,
      'webhook-timestamp': String(seconds),
      'webhook-signature': await signature(secret, `${id}.${seconds}.${body}`),
    },
    body,
  });
}

async function signature(secret: string, signed: string): Promise<string> {
  const raw = decodeBase64(secret.replace('whsec_', ''));
  const key = await crypto.subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return `v1,${encodeBase64(new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8(signed))))}`;
}
