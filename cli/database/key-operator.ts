import type pg from 'pg';
import type { AgingKey, StartupFacts } from '../../worker/database/startup-facts.ts';
import type { KeyOwner, StoredDataKey } from '../../worker/keys/data-key.ts';
import type { Recipe } from '../../worker/keys/kek-source.ts';
import type { StoredKek } from '../../worker/keys/key-encryption-key.ts';
import type { Place } from '../../worker/seal/envelope.ts';
import { answerOf } from './answer-of.ts';
import { withClient } from './with-client.ts';

/** An envelope and where it stands. */
export interface StoredEnvelope {
  readonly place: Place;
  readonly envelope: string;
}

export type Retired =
  | { readonly ok: true }
  | {
      readonly ok: false;
      readonly code: 'key_not_found' | 'key_of_blobs' | 'key_is_newest' | 'key_believed' | 'key_in_use';
      /** Of `key_believed`: how long isolates may still seal with it. */
      readonly details?: { readonly seconds: number };
    };

/** Blobs that are not known to lie sealed with the newest key of their tenant. */
export interface BlobsToSeal {
  readonly waiting: number;
  /** Their bytes are not those that their names say; nobody reads them. */
  readonly damaged: readonly { readonly tenant: string; readonly sha256: string }[];
}

/** What an operator can do with keys: functions of the database that only `causeway_owner` may call. */
export interface KeyOperator {
  /** The oldest first, as all lists of keys. */
  findKeks(): Promise<readonly StoredKek[]>;
  addKek(kek: StoredKek): Promise<void>;
  findDataKeys(owner: KeyOwner): Promise<readonly StoredDataKey[]>;
  addDataKey(owner: KeyOwner, key: StoredDataKey): Promise<void>;
  /** Some of the envelopes under a key, of one tenant or (null) wherever they are. */
  listEnvelopes(keyId: string, tenant: KeyOwner, envelopesMax: number): Promise<readonly StoredEnvelope[]>;
  /** False where another one stands there by now. */
  replaceEnvelope(old: StoredEnvelope, envelope: string): Promise<boolean>;
  /** Deletes a key that nothing needs, if its successor is older than `believedSeconds`. */
  retireKey(keyId: string, tenant: KeyOwner, believedSeconds: number): Promise<Retired>;
  /** Has the blobs of a tenant, or (null) of all, sealed with the newest key by the Worker; returns how many there are. */
  resealBlobs(tenant: string | null): Promise<number>;
  countBlobsToSeal(): Promise<BlobsToSeal>;
  /** How old each key is; of SEAL_KEY the one that the Worker was last started with. */
  findKeyDays(): Promise<StartupFacts['keyDays']>;
  /** Deletes the keys of a tenant, and with them what they sealed; returns how many there were. */
  deleteTenantKeys(tenant: string): Promise<number>;
}

/** Logs in as `causeway_owner`, does `work`, and logs out. */
export function asKeyOperator<Result>(
  ownerUrl: string,
  work: (operator: KeyOperator) => Promise<Result>,
): Promise<Result> {
  return withClient(ownerUrl, (client) => work(keyOperatorOn(client)));
}

function keyOperatorOn(client: pg.Client): KeyOperator {
  const rowsOf = async <Row extends object>(sql: string, values: readonly unknown[] = []) =>
    (await client.query<Row>(sql, [...values])).rows;
  const ask = <Answer>(sql: string, values: readonly unknown[]) => answerOf<Answer>(client, sql, values);
  return {
    async findKeks() {
      const rows = await rowsOf<{ key_id: string; recipe: Recipe; canary: string }>(
        'select key_id, recipe, canary from app.find_key_encryption_keys()',
      );
      return rows.map(({ key_id: keyId, recipe, canary }) => ({ keyId, recipe, canary }));
    },
    async addKek({ keyId, recipe, canary }) {
      const values = [keyId, JSON.stringify(recipe), canary];
      await rowsOf('select app.add_key_encryption_key($1, $2, $3)', values);
    },
    async findDataKeys(owner) {
      const rows = await rowsOf<{ key_id: string; purpose: StoredDataKey['purpose']; wrapped: string }>(
        'select key_id, purpose, wrapped from app.find_data_keys($1)',
        [owner],
      );
      return rows.map(({ key_id: keyId, purpose, wrapped }) => ({ keyId, purpose, wrapped }));
    },
    async addDataKey(owner, { keyId, purpose, wrapped }) {
      await rowsOf('select app.add_data_key($1, $2, $3, $4)', [owner, purpose, keyId, wrapped]);
    },
    async listEnvelopes(keyId, tenant, envelopesMax) {
      const rows = await rowsOf<Record<string, string> & { tenant_id: string | null }>(
        'select relation, column_name, row_id, tenant_id, envelope from app.list_envelopes($1, $2, $3)',
        [keyId, tenant, envelopesMax],
      );
      return rows.map(({ relation: table, column_name: column, row_id: row, tenant_id, envelope }) => ({
        place: { table, column, row, tenant: tenant_id } as Place,
        envelope: envelope as string,
      }));
    },
    replaceEnvelope: ({ place, envelope }, next) =>
      ask('select app.replace_envelope($1, $2, $3, $4, $5, $6) as answer', [
        place.table,
        place.column,
        place.row,
        place.tenant,
        envelope,
        next,
      ]),
    retireKey: (keyId, tenant, believedSeconds) =>
      ask('select app.retire_key($1, $2, make_interval(secs => $3)) as answer', [
        keyId,
        tenant,
        believedSeconds,
      ]),
    async resealBlobs(tenant) {
      return Number(await ask<string>('select app.reseal_blobs($1) as answer', [tenant]));
    },
    countBlobsToSeal: () =>
      ask(
        "select jsonb_build_object('waiting', waiting, 'damaged', damaged) as answer from app.count_blobs_to_seal()",
        [],
      ),
    async findKeyDays() {
      // The Worker's own function belongs to this role, and forced row security binds the owner.
      await rowsOf('set role causeway_resolver');
      const [facts] = await rowsOf<Record<`${Exclude<AgingKey, 'seal'>}_key_days`, number | null>>(
        'select * from app.startup_facts()',
      );
      await rowsOf('set role causeway_backup');
      const [seal] = await rowsOf<{ days: number }>(
        'select floor(extract(epoch from clock_timestamp() - known_since) / 86400)::integer as days from app.seal_key',
      );
      await rowsOf('reset role');
      return {
        signing: facts?.signing_key_days ?? null,
        context: facts?.context_key_days ?? null,
        encryption: facts?.encryption_key_days ?? null,
        seal: seal?.days ?? null,
      };
    },
    deleteTenantKeys: (tenant) => ask('select app.delete_tenant_keys($1) as answer', [tenant]),
  };
}
