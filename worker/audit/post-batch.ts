import { utf8 } from '../blobs/sha256.ts';
import type { ClaimedBatch } from '../database/audit-sinks.ts';
import type { Exits } from '../outbound/guarded-fetch.ts';
import { judgeAddress } from '../outbound/judge-address.ts';
import type { SealKey } from '../seal/seal.ts';

const TIMEOUT_MS = 10_000;

/** The secret with which a webhook's batches are signed, as its receiver holds it (Standard Webhooks). */
export async function secretOfSink(key: SealKey, sink: string): Promise<string> {
  const bytes = await crypto.subtle.sign('HMAC', key, utf8(`audit sink:${sink}`));
  return `whsec_${base64(new Uint8Array(bytes))}`;
}

/**
 * Posts a batch to its webhook, signed as Standard Webhooks says: HMAC-SHA256 over id, time and body. Only 2xx means that it was
 * taken; no redirect is followed, and what is answered is not read. The reason why it was not taken, or null. Never throws.
 */
export async function postBatch(
  batch: ClaimedBatch,
  exits: Exits,
  secret: string,
  nowMs: number,
): Promise<string | null> {
  const judged = judgeAddress(batch.url, exits);
  if (!judged.ok) return judged.reason;
  const body = `{"type":"audit.events","tenant":"${batch.tenant}","entries":[${batch.entries.join(',')}]}`;
  const id = `${batch.sink}.${batch.from}.${batch.from + batch.entries.length}`;
  const seconds = Math.floor(nowMs / 1000);
  const send = judged.isLoopback ? exits.loopback : exits.internet;
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const response = await send(judged.url.href, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Causeway',
        'webhook-id': id,
        'webhook-timestamp': String(seconds),
        'webhook-signature': await signature(secret, `${id}.${seconds}.${body}`),
      },
      body,
      signal,
    });
    await response.body?.cancel().catch(() => {});
    return response.ok ? null : `http_${response.status}`;
  } catch {
    return signal.aborted ? 'too_slow' : 'unreachable';
  }
}

async function signature(secret: string, signed: string): Promise<string> {
  const raw = Uint8Array.from(atob(secret.replace('whsec_', '')), (character) => character.charCodeAt(0));
  const key = await crypto.subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return `v1,${base64(new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8(signed))))}`;
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
