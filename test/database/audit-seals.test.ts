import { hash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isConsistent, leafHash, nodeHash, rootOfPath, splitOf } from '../../cli/audit/merkle.ts';
import { recordAudit } from '../../worker/database/audit.ts';
import type { Database } from '../../worker/database/database.ts';
import { query } from '../../worker/database/query.ts';
import { withTenant } from '../../worker/database/with-tenant.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { type Inhabitant, settle } from '../support/tenants.ts';

let database: TestDatabase;
let client: Database;
let ann: Inhabitant;
let mallory: Inhabitant;

beforeAll(async () => {
  database = await startTestDatabase();
  client = await database.open();
  ann = await settle(database.asOwner, { person: 'Ann', tenant: 'Acme' });
  mallory = await settle(database.asOwner, { person: 'Mallory', tenant: 'Evil' });
});
afterAll(() => database.stop());

const SIZE = 37;
/** A statement that runs as the keeper, whose functions nobody else may call. */
const asKeeper = async (sql: string, values: readonly unknown[] = []) => {
  const [row] = await database.asSuperuser(sql, values);
  return row?.value;
};
const leaves = Array.from({ length: SIZE }, (_, index) => leafHash(`leaf ${index}`));

/** MTH of RFC 6962, section 2.1, as it stands there. */
function naiveRoot(hashes: readonly Buffer[]): Buffer {
  const [only] = hashes;
  if (only !== undefined && hashes.length === 1) return only;
  const left = splitOf(hashes.length);
  return nodeHash(naiveRoot(hashes.slice(0, left)), naiveRoot(hashes.slice(left)));
}

const proofOf = (answer: unknown): Buffer[] =>
  (answer as string[]).map((hash) => Buffer.from(hash, 'base64'));

/** Inputs and roots of the reference implementation of Certificate Transparency. */
const KNOWN_INPUTS = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
];
const KNOWN_ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

test('the database makes the roots that Certificate Transparency publishes', async () => {
  const hashes = KNOWN_INPUTS.map((input) => hash('sha256', Buffer.from(`00${input}`, 'hex'), 'buffer'));
  await asKeeper("select app.append_to_tree('known', $1) as value", [hashes]);
  for (const [index, root] of KNOWN_ROOTS.entries())
    expect(await asKeeper("select encode(app.tree_root('known', 0, $1), 'hex') as value", [index + 1])).toBe(
      root,
    );
});

describe('the tree that the database keeps is that of RFC 6962', () => {
  beforeAll(async () => {
    // In pieces, so that peaks are found again.
    for (const [from, until] of [
      [0, 1],
      [1, 8],
      [8, 21],
      [21, SIZE],
    ])
      await asKeeper('select app.append_to_tree($1, $2) as value', ['test', leaves.slice(from, until)]);
  });

  test('at each size its root is that of the definition', async () => {
    for (let size = 1; size <= SIZE; size++)
      expect(await asKeeper("select app.tree_root('test', 0, $1) as value", [size])).toEqual(
        naiveRoot(leaves.slice(0, size)),
      );
  });

  test('each leaf is proven in it, and in no other place', async () => {
    for (const size of [1, 2, 7, 8, 21, SIZE])
      for (let index = 0; index < size; index++) {
        const path = proofOf(
          await asKeeper("select app.inclusion_proof('test', $1, $2) as value", [index, size]),
        );
        const leaf = leaves[index] as Buffer;
        expect(rootOfPath(leaf, index, size, path)).toEqual(naiveRoot(leaves.slice(0, size)));
        expect(rootOfPath(leafHash('another'), index, size, path)).not.toEqual(
          naiveRoot(leaves.slice(0, size)),
        );
      }
  });

  test('each smaller tree is proven to be its beginning, and no other is', async () => {
    for (const size of [2, 8, 21, SIZE])
      for (let before = 1; before < size; before++) {
        const proof = proofOf(
          await asKeeper("select app.consistency_proof('test', $1, $2) as value", [before, size]),
        );
        const now = { size, root: naiveRoot(leaves.slice(0, size)) };
        const old = { size: before, root: naiveRoot(leaves.slice(0, before)) };
        expect(isConsistent(old, now, proof)).toBe(true);
        expect(isConsistent({ ...old, root: leafHash('rewritten') }, now, proof)).toBe(false);
        expect(isConsistent(old, { ...now, root: leafHash('rewritten') }, proof)).toBe(false);
        if (proof.length > 0) expect(isConsistent(old, now, proof.slice(1))).toBe(false);
      }
  });
});

test('each event gets one leaf, in an order that begins with what was recorded first', async () => {
  const note = (targetId: string) =>
    recordAudit({ action: 'note.add', targetKind: 'note', targetId, outcome: 'ok' });
  await Promise.all(
    Array.from({ length: 12 }, (_, index) => withTenant(client, ann.principal, [note(`n${index}`)])),
  );
  const seal = () => client.transaction([query('select app.system_seal_audit(1000)', [], () => null)]);
  await Promise.all([seal(), seal(), seal(), seal(), seal()]);
  const sealed = await database.asSuperuser(
    `select s.leaf_index::int, e.target_id, e.position::int from app.audit_seals as s join app.audit_events as e using (tenant_id, event_id)
      where s.tenant_id = $1 order by s.leaf_index`,
    [ann.tenantId],
  );
  expect(sealed.map(({ leaf_index }) => leaf_index)).toEqual(sealed.map((_, index) => index));
  expect(new Set(sealed.map(({ target_id }) => target_id)).size).toBeGreaterThanOrEqual(12);
  const positions = sealed.map(({ position }) => Number(position));
  expect(positions).toEqual(positions.toSorted((a, b) => a - b));
  expect(await database.asSuperuser('select from app.audit_unsealed')).toEqual([]);
});

describe('what Mallory injects into her call reaches no seal', () => {
  test.each([
    ['seal by herself', 'select app.system_seal_audit(10)'],
    ['draft a checkpoint', 'select app.system_draft_checkpoint()'],
    ['store a checkpoint of her own', "select app.system_add_checkpoint(99, 'forged')"],
    ['read the signing key', 'select app.system_audit_key()'],
    ['install a signing key', "select app.system_add_first_audit_key('m+00000000+AAAA', 'v1.a.b')"],
    ['add to the tree', "select app.append_to_tree('deployment', array[sha256('x')])"],
    ['take an event out of the queue', 'delete from app.audit_unsealed'],
    [
      'seal an event that there is not',
      "insert into app.audit_seals (leaf_index, event_id) values (0, 'evt_00000000000000000000000000')",
    ],
    ['read hashes of others', 'select * from app.audit_nodes'],
    ['write a checkpoint', "insert into app.audit_checkpoints values (1, 'x')"],
    ['export as the operator does', `select app.export_audit_lines('ten_x', 1, 0, 1)`],
  ])('%s', async (_name, sql) => {
    await expect(withTenant(client, mallory.principal, [query(sql, [], () => null)])).rejects.toMatchObject({
      sqlstate: '42501',
    });
  });
});

describe('the owner, with row security switched off, cannot unmake a seal', () => {
  test.each(['audit_seals', 'audit_heads', 'audit_nodes', 'audit_checkpoints', 'audit_keys'])(
    '%s',
    async (table) => {
      await database.asOwner(`alter table app.${table} no force row level security`);
      for (const sql of [
        `update app.${table} set ${table === 'audit_keys' ? 'public_key' : table === 'audit_checkpoints' ? 'note' : table === 'audit_nodes' ? 'tree' : 'tenant_id'} = null`,
        `delete from app.${table}`,
        `truncate app.${table}`,
      ])
        await expect(database.asOwner(sql)).rejects.toThrow(/append-only|cannot truncate a table referenced/);
      await database.asOwner(`alter table app.${table} force row level security`);
    },
  );
});
