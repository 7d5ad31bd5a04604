import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readLines } from '../../cli/audit/read-lines.ts';
import { verifyExport } from '../../cli/audit/verify-export.ts';
import { ROOT_DIR } from '../../cli/stack/state-paths.ts';
import { asOperatorOf } from '../support/causeway.ts';
import { fireCron } from '../support/fire-cron.ts';
import { callTool } from '../support/mcp-call.ts';
import { signedIn } from '../support/oauth.ts';
import { type Person, settlePerson } from '../support/people.ts';
import { queryAs } from '../support/query-as.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { settleAccount } from '../support/visitor.ts';

const FORMULAS = ['=1+2', '@SUM(1)', '-2+3', '+4', '=HYPERLINK("x.example")'];

let stack: TestStack;
let stop: () => Promise<void>;
let ann: Person;

beforeAll(async () => {
  ({ stack, stop } = await startTestStack({ slots: 0 }));
  ann = await settlePerson(stack, { name: 'Ann' });
  const project = 'Evidence';
  await callTool(stack, ann.token, 'create_project', { name: project });
  for (const path of FORMULAS) await callTool(stack, ann.token, 'read_file', { project, path });
});
afterAll(() => stop());

const seen = (sql: string, values: readonly unknown[] = []) => queryAs(stack.superuserUrl, sql, values);

test('the cron seals what happened, signs it, and keeps the checkpoint outside of the database too', async () => {
  expect(await fireCron(stack)).toBe(200);
  expect(await seen('select from app.audit_unsealed')).toEqual([]);
  const [checkpoint] = await seen('select note from app.audit_checkpoints');
  const folder = join(stack.stateDir, 'blobs', 'audit-checkpoints');
  expect(readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'))).toEqual([
    checkpoint?.note,
  ]);
  expect(await fireCron(stack)).toBe(200);
  expect(await seen('select from app.audit_checkpoints')).toHaveLength(1);
});

test('an admin finds, follows and takes away the log, and is seen doing so', async () => {
  const bob = await settleAccount(stack, { name: 'Bob', tenant: ann.tenant, role: 'admin' });
  const browser = await signedIn(stack, bob);
  const list = async (query: string) => (await browser.get(`/audit?team=${ann.tenant}&${query}`)).text();
  expect(await list('action=tool.&outcome=ok')).toContain('create_project');
  expect(await list('action=tool.&outcome=refused')).not.toContain('create_project');
  expect(await list(`credential=${ann.tokenId}&order=oldest`)).toContain('create_project');
  expect(await list(`credential=${bob.tokenId}`)).toContain('No event fits');
  expect(await list('action=Robert%27%29')).toContain('An action is written like');

  const file = join(stack.stateDir, 'downloaded.jsonl');
  writeFileSync(file, await (await browser.get(`/audit/${ann.tenant}/export`)).text());
  expect(await verifyExport(readLines(file), { key: null })).toMatchObject({ ok: true, tenant: ann.tenant });
  const read = await seen(
    "select target_id from app.audit_events where actor_user_id = $1 and action = 'page.read' order by position",
    [bob.user],
  );
  expect(read.map(({ target_id }) => target_id)).toEqual([
    ...Array(5).fill('/audit'),
    '/audit/:tenant/export',
  ]);
});

test('what begins like a formula is no name, and leaves in an export as text of JSON, which no spreadsheet evaluates', async () => {
  for (const name of FORMULAS) {
    const { error } = await callTool(stack, ann.token, 'create_project', { name });
    expect(error?.code).toBe('invalid_arguments');
  }
  const { tenant } = ann;
  const bob = await settleAccount(stack, { name: 'Bob', tenant, role: 'admin' });
  const answer = await (await signedIn(stack, bob)).get(`/audit/${tenant}/export`);
  expect(answer.headers.get('content-type')).toBe('application/jsonl');
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="[^"]+\.jsonl"$/);
  const text = await answer.text();
  for (const line of text.trimEnd().split('\n')) expect(line).toMatch(/^\{.*\}$/);
  for (const path of FORMULAS) expect(text).toContain(`"path": ${JSON.stringify(path)}`);
});

test('an admin who looks at members, tokens, agents, invitations or projects of the team is seen doing so, a member at their own is not', async () => {
  const [evidence] = await seen('select project_id from app.projects where tenant_id = $1', [ann.tenant]);
  const pages = ['/members', '/tokens', '/agents', '/invitations', '/projects'];
  const [adam, mia] = [
    await settleAccount(stack, { name: 'Adam', tenant: ann.tenant, role: 'admin' }),
    await settleAccount(stack, { name: 'Mia', tenant: ann.tenant, role: 'member' }),
  ];
  for (const person of [adam, mia]) {
    const browser = await signedIn(stack, person);
    for (const path of [...pages, `/projects/${ann.tenant}/${evidence?.project_id}`])
      expect((await browser.get(path)).status, path).toBe(200);
  }
  expect(
    await seen(
      "select actor_user_id, target_id from app.audit_events where action = 'page.read' and actor_user_id = any ($1) order by position",
      [[adam.user, mia.user]],
    ),
  ).toEqual(
    [...pages, '/projects/:tenant/:project'].map((page) => ({ actor_user_id: adam.user, target_id: page })),
  );
});

describe('./causeway audit', () => {
  const inState = (name: string) => join(stack.stateDir, name);
  const audit = (...args: readonly string[]) => asOperatorOf(stack, 'audit', ...args);

  test('exports what happened a moment ago, and proves it against the key', async () => {
    await callTool(stack, ann.token, 'create_project', { name: 'Later' });
    const file = inState('acme.jsonl');
    const exported = await audit('export', '--tenant', ann.tenant, '--out', file, '--json');
    expect(exported.code).toBe(0);
    expect(JSON.parse(exported.stdout)).toMatchObject({ tenant: ann.tenant, uncovered: 0 });
    expect(readFileSync(file, 'utf8')).toContain('"name": "Later"');

    const key = await audit('key');
    writeFileSync(inState('audit.key'), key.stdout);
    expect(await audit('verify', file, '--key', inState('audit.key'))).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Proven: \d+ entries of ten_/),
    });
    expect(await audit('verify', file, '--key', key.stdout.trim())).toMatchObject({ code: 0 });
    expect(await audit('verify', file)).toMatchObject({
      code: 3,
      stdout: expect.stringContaining('Consistent, signer not authenticated'),
    });

    writeFileSync(inState('kept.note'), (await audit('checkpoint')).stdout);
    expect(
      await audit('verify', file, '--key', key.stdout.trim(), '--checkpoint', inState('kept.note')),
    ).toMatchObject({
      code: 0,
    });
    const changed = readFileSync(file, 'utf8').replace('"name": "Later"', '"name": "Never"');
    writeFileSync(inState('changed.jsonl'), changed);
    const index = changed.split('\n').findIndex((line) => line.includes('"name": "Never"')) - 1;
    expect(await audit('verify', inState('changed.jsonl'), '--key', key.stdout.trim())).toMatchObject({
      code: 1,
      stdout: expect.stringContaining(`The first bad entry is ${index}`),
    });
  });

  test('has a checkpoint cosigned by a witness that saw nothing else, and demands it', async () => {
    const [request, line, file] = [inState('request.txt'), inState('line.txt'), inState('cosigned.jsonl')];
    const witnessKey = await audit(
      'witness-key',
      '--name',
      'witness.example',
      '--out',
      inState('witness.key'),
    );
    writeFileSync(inState('audit.key'), (await audit('key')).stdout);
    writeFileSync(request, (await audit('witness-request')).stdout);
    const watch = [
      '--key',
      inState('audit.key'),
      '--witness-key',
      inState('witness.key'),
      '--memory',
      inState('seen.json'),
    ];
    const seenOnce = await audit('witness', request, ...watch);
    expect(seenOnce.code, seenOnce.stdout).toBe(0);
    writeFileSync(line, seenOnce.stdout);
    expect(await audit('witness', request, ...watch)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('--since'),
    });
    expect(await audit('cosign', line)).toMatchObject({ code: 0 });
    expect((await audit('export', '--tenant', ann.tenant, '--cosigned', '--out', file)).code).toBe(0);
    const demanded = ['--key', inState('audit.key'), '--witness-key', witnessKey.stdout.trim()];
    expect(await audit('verify', file, ...demanded)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('A witness saw'),
    });
    await callTool(stack, ann.token, 'create_project', { name: 'Unseen' });
    expect((await audit('export', '--tenant', ann.tenant, '--out', file)).code).toBe(0);
    expect(await audit('verify', file, ...demanded)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('no witness'),
    });
  });

  test.each([
    ['a file that is not there', ['verify', '/nonexistent']],
    ['a folder', ['verify', ROOT_DIR]],
    ['a key that is none', ['verify', join(ROOT_DIR, 'package.json'), '--key', 'x+1+y']],
    [
      'a checkpoint that is none',
      ['verify', join(ROOT_DIR, 'package.json'), '--checkpoint', join(ROOT_DIR, 'LICENSE')],
    ],
  ])('says of %s that nothing was judged', async (_name, args) => {
    expect(await audit(...args)).toMatchObject({ code: 2, stderr: expect.stringContaining('not judged') });
  });

  test('says of a tenant without events that nothing was exported, and leaves no file', async () => {
    const answer = await audit(
      'export',
      '--tenant',
      'ten_00000000000000000000000000',
      '--out',
      inState('none.jsonl'),
    );
    expect(answer).toMatchObject({ code: 1, stderr: expect.stringContaining('Nothing was exported') });
    expect(readdirSync(stack.stateDir)).not.toContain('none.jsonl');
  });
});
