import type { BlobStore } from '../../blobs/blob-store.ts';
import type { ClaimedBatch } from '../../database/audit-sinks.ts';
import type { KeyStore } from '../../keys/key-store.ts';
import { log } from '../../log.ts';
import type { Exits } from '../../outbound/guarded-fetch.ts';
import type { AwsKey } from '../../outbound/sign-aws.ts';
import type { SealKey } from '../../seal/seal.ts';
import { keepCopy } from './keep-copy.ts';
import { postBatch, secretOfSink } from './post-batch.ts';
import { putLogEvents } from './put-log-events.ts';
import { putObject } from './put-object.ts';
import { openSinkSecret } from './sink-secret.ts';

/** What sinks are reached with. */
export interface Reach {
  readonly exits: Exits;
  readonly sealKey: SealKey;
  readonly keys: Pick<KeyStore, 'open'>;
  readonly blobs: BlobStore;
}

/** Sends a batch as its sink's kind wants it. The reason why it was not taken, in a word or two; null where it was. Never throws. */
export async function sendBatch(batch: ClaimedBatch, reach: Reach): Promise<string | null> {
  try {
    return await send(batch, reach);
  } catch (error) {
    log('error', 'audit-sink', { sink: batch.sink, kind: batch.kind, error: String(error) });
    return 'failed';
  }
}

async function send(batch: ClaimedBatch, { exits, sealKey, keys, blobs }: Reach): Promise<string | null> {
  if (batch.kind === 'webhook')
    return postBatch(batch, exits, await secretOfSink(sealKey, batch.sink), Date.now());
  if (batch.kind === 'blobs') return keepCopy(batch, blobs);
  const key = await accessKeyOf(batch, keys);
  if (key === null) return 'key_does_not_open';
  switch (batch.kind) {
    case 's3':
      return putObject(batch, exits, key);
    case 'cloudwatch':
      return putLogEvents(batch, exits, key, Date.now());
  }
}

async function accessKeyOf(batch: ClaimedBatch, keys: Pick<KeyStore, 'open'>): Promise<AwsKey | null> {
  const { tenant, sink, settings, secret_access_key: envelope } = batch;
  const secretAccessKey = envelope === null ? null : await openSinkSecret(keys, tenant, sink, envelope);
  if (secretAccessKey === null) return null;
  return { region: settings.region ?? '', accessKeyId: settings.access_key_id ?? '', secretAccessKey };
}
