import { type KeyOwner, makeDataKey, unwrapDataKey } from '../../worker/keys/data-key.ts';
import type { KekSource } from '../../worker/keys/kek-source.ts';
import { makeKek, openKek } from '../../worker/keys/key-encryption-key.ts';
import { type EnvelopeKey, importEnvelopeKey } from '../../worker/seal/envelope.ts';
import type { KeyOperator } from '../database/key-operator.ts';
import { Failure } from '../terminal/failure.ts';

/** Opened keys of one kind, the oldest first; the last one seals. */
export type OpenedKeys = readonly [EnvelopeKey, ...EnvelopeKey[]];

/** Every key-encryption key of a database; of one that was never served, its first is made. */
export async function openKeks(operator: KeyOperator, source: KekSource): Promise<OpenedKeys> {
  if ((await operator.findKeks()).length === 0) await operator.addKek((await makeKek(source)).stored);
  const opened: EnvelopeKey[] = [];
  for (const stored of await operator.findKeks()) {
    const key = await openKek(source, stored);
    if (key === null) {
      throw new Failure({
        what: 'No key was changed.',
        why: `the key-encryption key ${stored.keyId} does not open with what ${source.settings} gives`,
        remedy: 'give the passphrase or KMS of the deployment, and the one before while it is being changed',
      });
    }
    opened.push(key);
  }
  return opened as unknown as OpenedKeys;
}

/** The keys that seal secrets of a tenant, or (null) of the platform; where there is none, a first is made. */
export async function openSecretKeys(
  operator: KeyOperator,
  keks: OpenedKeys,
  owner: KeyOwner,
): Promise<OpenedKeys> {
  const byId = new Map(keks.map((key) => [key.id, key]));
  const isForSecrets = ({ purpose }: { readonly purpose: string }) => purpose === 'secrets';
  if (!(await operator.findDataKeys(owner)).some(isForSecrets))
    await operator.addDataKey(owner, await makeDataKey(newestOf(keks), owner, 'secrets'));
  const opened: EnvelopeKey[] = [];
  for (const stored of (await operator.findDataKeys(owner)).filter(isForSecrets)) {
    const bytes = await unwrapDataKey({ byId }, owner, stored);
    if (bytes === null) {
      throw new Failure({
        what: 'No key was changed.',
        why: `the data key ${stored.keyId} opens with no key-encryption key of this database`,
        remedy: 'restore app.tenant_keys and app.platform_keys from a backup',
      });
    }
    opened.push(await importEnvelopeKey(stored.keyId, bytes));
  }
  return opened as unknown as OpenedKeys;
}

export function newestOf(keys: OpenedKeys): EnvelopeKey {
  return keys.at(-1) ?? keys[0];
}
