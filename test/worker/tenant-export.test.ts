import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readLines } from '../../cli/audit/read-lines.ts';
import { verifyExport } from '../../cli/audit/verify-export.ts';
import { asTenantOperator } from '../../cli/database/tenant-operator.ts';
import { readArchive } from '../../cli/tenants/read-archive.ts';
import { NEXT_PART } from '../../worker/tenants/export/next-part.ts';
import { signedIn } from '../support/oauth.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { tenantContents } from '../support/tenant-contents.ts';
import { type Acme, causeway as command, joined, settleAcme, unpacked } from '../support/tenant-world.ts';

const stack = sharedStack();
const folderOfFiles = mkdtempSync(join(tmpdir(), 'causeway-export-'));
let ann: Acme['ann'];
let bob: Acme['bob'];
let mallory: Acme['mallory'];

beforeAll(async () => {
  ({ ann, bob, mallory } = await settleAcme(stack));
});
afterAll(() => rmSync(folderOfFiles, { recursive: true, force: true }));

const seen = (sql: string, values: readonly unknown[] = []) => queryAs(stack.superuserUrl, sql, values);
const inState = (name: string) => join(folderOfFiles, name);
const causeway = (...args: readonly string[]) => command(stack, ...args);
const tenant = (name: string, ...args: readonly string[]) =>
  causeway('tenant', name, ...args, '--public-url', stack.publicUrl);

describe('an export of a tenant', () => {
  let folder: string;
  const file = () => inState('acme.tar');

  test('is whole by its own manifest, offline', async () => {
    const made = await tenant('export', ann.tenant, '--out', file(), '--json');
    expect(made.code, made.out).toBe(0);
    expect(JSON.parse(made.out)).toMatchObject({ tenant: ann.tenant });
    const { code, out } = await causeway('tenant', 'verify-export', file());
    expect(out).toMatch(/^Whole: \d+ files/);
    expect(code).toBe(0);
    folder = unpacked(file());
  });

  test('gives each project as a git repository with the very commits', async () => {
    const repository = join(stack.stateDir, 'repository');
    execFileSync('git', ['init', '--quiet', '--bare', repository]);
    execFileSync('git', ['-C', repository, 'fast-import', '--quiet'], {
      input: joined(join(folder, 'history', ann.project)),
    });
    const [project] = await seen('select head_commit from app.projects where project_id = $1', [ann.project]);
    const head = execFileSync('git', ['-C', repository, 'rev-parse', 'main'], { encoding: 'utf8' }).trim();
    expect(head).toBe(project?.head_commit);
  });

  test('holds data, outputs, people and rows of every table, and the log with its proof', async () => {
    const tables = readdirSync(join(folder, 'tables'));
    const filled = await tenantContents(stack, ann.tenant);
    const expected = Object.entries(filled).flatMap(([name, digest]) =>
      digest.startsWith('0 ') ? [] : [name],
    );
    const shared = expected.filter((name) => name !== 'audit_heads');
    expect(tables).toEqual(expect.arrayContaining(shared));
    const counts = (names: readonly string[], of: (name: string) => string | number | undefined) =>
      Object.fromEntries(names.map((name) => [name, Number(of(name))]));
    expect(
      counts(
        shared,
        (name) =>
          joined(join(folder, 'tables', name))
            .toString()
            .split('\n').length - 1,
      ),
    ).toEqual(counts(shared, (name) => filled[name]?.split(' ')[0]));
    const [run] = joined(join(folder, 'tables/runs')).toString().trim().split('\n');
    const { outcome } = JSON.parse(run ?? '{}') as {
      outcome: { outputs: { sha256: string }[]; stdout: { inline: string } };
    };
    expect(outcome.stdout.inline).toContain('canary of the log');
    expect(readFileSync(join(folder, 'blobs', outcome.outputs[0]?.sha256 ?? ''), 'utf8')).toBe('n\n1\n');
    const people = joined(join(folder, 'people')).toString();
    expect(people).toContain(ann.email);
    expect(people).not.toContain(mallory.email);
    writeFileSync(inState('log.jsonl'), joined(join(folder, 'audit')));
    expect(await verifyExport(readLines(inState('log.jsonl')), { key: null })).toMatchObject({
      ok: true,
      tenant: ann.tenant,
    });
  });

  test('holds no secret: no token, hash, envelope or digest of one', async () => {
    const archive = readFileSync(file());
    const secrets = await seen(
      `select argon2id_hash as secret from app.api_tokens union all select argon2id_hash from app.passwords
       union all select wrapped from app.tenant_keys union all select cookie_sha256 from app.sessions`,
    );
    expect(secrets.length).toBeGreaterThan(3);
    for (const { secret } of secrets) expect(archive.includes(String(secret))).toBe(false);
    expect(archive.includes('$argon2id$')).toBe(false);
    expect(archive.includes(ann.token.slice(-30))).toBe(false);
    expect(/v1\.[A-Za-z0-9_-]{8}\.[A-Za-z0-9_-]{38}/.test(archive.toString('latin1'))).toBe(false);
  });

  test('that breaks off goes on where its last whole part ended, and is the same', async () => {
    const out = inState('broken.tar');
    // What a broken connection and a killed command leave: a draft that ends inside a part.
    expect((await tenant('export', ann.tenant, '--out', out)).code).toBe(0);
    const whole = unpacked(out);
    execFileSync('mv', [out, `${out}.part`]);
    const read = await readArchive(`${out}.part`);
    expect(read.chain.parts).toBeGreaterThanOrEqual(2);
    truncateSync(`${out}.part`, statSync(`${out}.part`).size - 700_000);
    const cut = await readArchive(`${out}.part`);
    expect(cut.whole).toBeNull();
    const again = await tenant('export', ann.tenant, '--out', out);
    expect(again.code, again.out).toBe(0);
    expect(existsSync(`${out}.part`)).toBe(false);
    expect(joined(join(unpacked(out), 'history', ann.project))).toEqual(
      joined(join(whole, 'history', ann.project)),
    );
  });

  test.each([
    [
      'a byte of a file is changed',
      (bytes: Buffer) => bytes.fill(bytes[600] === 1 ? 2 : 1, 600, 601),
      /is not what was exported/,
    ],
    ['its end is cut', (bytes: Buffer) => bytes.subarray(0, bytes.length - 5_000), null],
    ['a file is cut out', (bytes: Buffer) => cutFile(bytes, 0), /is missing/],
    [
      'something stands behind its end',
      (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(512, 'x')]),
      /behind its end/,
    ],
  ])('is refused where %s', async (_title, change, problem) => {
    writeFileSync(inState('changed.tar'), change(Buffer.from(readFileSync(file()))));
    if (problem === null) expect((await readArchive(inState('changed.tar'))).whole).toBeNull();
    else await expect(readArchive(inState('changed.tar'))).rejects.toThrow(problem);
  });

  test('is refused by the command too, which ends as the archive is', async () => {
    writeFileSync(inState('changed.tar'), readFileSync(file()).subarray(0, -5_000));
    const { code, out } = await causeway('tenant', 'verify-export', inState('changed.tar'));
    expect(out).toMatch(/^Not whole: its end is missing/);
    expect(code).toBe(1);
    expect(await causeway('tenant', 'verify-export', folder)).toMatchObject({ code: 2 });
  });

  test('of a tenant of which the object store lost a content says which, and is not called whole', async () => {
    const { outcome } = (
      await seen("select outcome from app.runs where tenant_id = $1 and state = 'succeeded' limit 1", [
        ann.tenant,
      ])
    )[0] as { outcome: { outputs: { sha256: string }[] } };
    const lost = outcome.outputs[0]?.sha256 ?? '';
    const stored = join(stack.stateDir, 'blobs', ann.tenant, lost);
    const bytes = readFileSync(stored);
    rmSync(stored);
    try {
      const made = await tenant('export', ann.tenant, '--out', inState('lacking.tar'));
      expect(made.out).toContain('not whole: the object store lacked 1 content that rows name');
      expect(made.code).toBe(1);
      const { code, out } = await causeway('tenant', 'verify-export', inState('lacking.tar'));
      expect(out).toContain(`Not whole: the object store lacked 1 content that rows name: ${lost}`);
      expect(code).toBe(1);
    } finally {
      writeFileSync(stored, bytes);
    }
    expect((await tenant('export', ann.tenant, '--out', inState('mended.tar'))).code).toBe(0);
  });

  test('is for owners, signed in: an admin, a stranger and a token get none, and it stands in the log', async () => {
    const path = `/teams/${ann.tenant}/export`;
    expect((await (await signedIn(stack, bob)).get(path)).status).toBe(403);
    expect((await (await signedIn(stack, mallory)).get(path)).status).toBe(404);
    const byToken = await fetch(`${stack.publicUrl}${path}`, {
      headers: { authorization: `Bearer ${ann.token}` },
      redirect: 'manual',
    });
    expect(byToken.status).toBe(303);
    const owned = await (await signedIn(stack, ann)).get(path);
    expect(owned.headers.get('content-type')).toBe('application/x-tar');
    writeFileSync(inState('owned.tar'), Buffer.from(await owned.arrayBuffer()));
    expect((await readArchive(inState('owned.tar'))).whole).toMatchObject({ tenant: ann.tenant });
    const events = await seen(
      "select credential_kind from app.audit_events where tenant_id = $1 and action = 'tenant.export' order by position",
      [ann.tenant],
    );
    expect(events.map(({ credential_kind }) => credential_kind)).toEqual(
      expect.arrayContaining(['system', 'session']),
    );
  });

  test('that cannot go on says to begin anew, and one of no tenant that there is none', async () => {
    const out = inState('forgotten.tar');
    expect((await tenant('export', ann.tenant, '--out', out)).code).toBe(0);
    const { offset } = await readArchive(out);
    execFileSync('mv', [out, `${out}.part`]);
    const read = await readArchive(`${out}.part`, offset - 1);
    writeFileSync(`${out}.part.next`, JSON.stringify({ offset: read.offset, next: 'of another key' }));
    const again = await tenant('export', ann.tenant, '--out', out);
    expect(again.code).toBe(1);
    expect(again.out).toContain('SEAL_KEY was changed');
    expect(again.out).toContain(`rm ${out}.part ${out}.part.next`);
    const nobody = await tenant('export', 'ten_00000000000000000000000000', '--out', inState('nobody.tar'));
    expect(nobody.code).toBe(1);
    expect(nobody.out).toContain('there is no such tenant');
    expect(existsSync(inState('nobody.tar.part'))).toBe(false);
  });

  test('goes on at no place that was not given for it, so that none is without an event', async () => {
    const ask = async (whose: string, query: string) => {
      const { seconds, signatures } = await asTenantOperator(stack.ownerUrl, (operator) =>
        operator.signCall(whose as typeof ann.tenant, 'export'),
      );
      const authorization = `Causeway-Operator ${whose}.export.${seconds}.${signatures[0]}`;
      const answered = await fetch(`${stack.publicUrl}/operator/tenants/${whose}/export${query}`, {
        headers: { authorization, 'cf-connecting-ip': '198.19.0.2' },
      });
      await answered.arrayBuffer();
      return answered;
    };
    const made = JSON.stringify({ at: 'blobs', after: null });
    const forged = Buffer.from(made).toString('base64url');
    expect((await ask(ann.tenant, `?from=${forged}`)).status).toBe(400);
    const next = (await ask(ann.tenant, '')).headers.get(NEXT_PART);
    expect(next).not.toBeNull();
    expect((await ask(ann.tenant, `?from=${next}`)).status).toBe(200);
    expect((await ask(mallory.tenant, `?from=${next}`)).status).toBe(400);
  });

  test('is not made for Mallory, who has no signature of the database for it', async () => {
    const sign = (whose: string, act: 'attend' | 'export') =>
      asTenantOperator(stack.ownerUrl, (operator) => operator.signCall(whose as typeof ann.tenant, act));
    const asked = async (whose: string, act: 'attend' | 'export', shift = 0) => {
      const { seconds, signatures } = await sign(whose, act);
      return `Causeway-Operator ${whose}.${act}.${seconds + shift}.${signatures[0]}`;
    };
    const call = (authorization: string, method = 'GET', act = 'export') =>
      fetch(`${stack.publicUrl}/operator/tenants/${ann.tenant}/${act}`, {
        method,
        headers: { authorization, 'cf-connecting-ip': '198.19.0.1' },
      });
    for (const header of [
      'Causeway-Operator x',
      await asked(mallory.tenant, 'export'),
      (await asked(mallory.tenant, 'export')).replace(mallory.tenant, ann.tenant),
      await asked(ann.tenant, 'attend'),
      await asked(ann.tenant, 'export', 1),
      await asked(ann.tenant, 'export', -3600),
    ])
      expect((await call(header)).status).toBe(401);
    expect((await call(await asked(ann.tenant, 'export'), 'POST', 'attend')).status).toBe(401);
  });
});

/** The archive without the file at an offset. */
function cutFile(bytes: Buffer, at: number): Buffer {
  const size = Number.parseInt(bytes.subarray(at + 124, at + 135).toString(), 8);
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 512 + Math.ceil(size / 512) * 512)]);
}
