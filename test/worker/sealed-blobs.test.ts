import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { asKeyOperator, type KeyOperator } from '../../cli/database/key-operator.ts';
import { nodeSource } from '../../cli/keys/open-source.ts';
import { rotateDataKeys } from '../../cli/keys/rotate-keys.ts';
import { statePaths } from '../../cli/stack/state-paths.ts';
import { fireCron } from '../support/fire-cron.ts';
import { callTool } from '../support/mcp-call.ts';
import { type Person, settlePerson } from '../support/people.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

let stack: TestStack;
let stop: () => Promise<void>;
let ann: Person;
let mallory: Person;

beforeAll(async () => {
  ({ stack, stop } = await startTestStack());
  ann = await settlePerson(stack, { name: 'Ann' });
  mallory = await settlePerson(stack, { name: 'Mallory' });
  for (const person of [ann, mallory])
    await callTool(stack, person.token, 'create_project', { name: 'Budget' });
});
afterAll(() => stop());

const call = (person: Person, tool: string, input: Record<string, unknown>) =>
  callTool(stack, person.token, tool, { project: 'Budget', ...input });
const filesOf = (person: Person): string[] => {
  const dir = join(statePaths(stack.stateDir).blobs, person.tenant);
  return readdirSync(dir).map((name) => join(dir, name));
};
const write = (person: Person, path: string, content: string) =>
  call(person, 'write_files', { files: [{ path, content }], message: 'write' });

test('what people write, import, upload and compute lies sealed in the store, and is read back as it was', async () => {
  const canary = 'revenue-of-acme-4711';
  await write(
    ann,
    'model.py',
    `print('${canary}')\nopen('/outputs/${canary}.txt', 'w').write('${canary}' * 9000)\n`,
  );
  await call(ann, 'import_data', { name: 'sales', format: 'csv', text: `name,eur\n${canary},1\n` });
  const upload = `name\n${`${canary}\n`.repeat(20_000)}`;
  const { structured } = await call(ann, 'create_upload', {
    name: 'big',
    format: 'csv',
    bytes: upload.length,
  });
  expect((await fetch(structured.url as string, { method: 'PUT', body: upload })).ok).toBe(true);
  const run = await call(ann, 'run_model', { path: 'model.py' });
  expect(run.structured).toMatchObject({ state: 'succeeded' });
  const output = await callTool(stack, ann.token, 'get_run_output', {
    run: run.structured.run,
    name: `${canary}.txt`,
  });
  expect(JSON.stringify(output)).toContain(canary);
  expect(JSON.stringify(await call(ann, 'read_file', { path: 'model.py' }))).toContain(canary);

  const stored = filesOf(ann).map((file) => readFileSync(file));
  expect(stored.length).toBeGreaterThanOrEqual(4);
  for (const bytes of stored) {
    expect(bytes.subarray(0, 4).toString()).toBe('CWB1');
    expect(bytes.includes(canary)).toBe(false);
  }
});

test('a blob that Mallory changed, cut or took from another tenant is an error, never a part of it', async () => {
  const text = `# ${'x'.repeat(200_000)}\n`;
  await write(mallory, 'known.py', text);
  const before = new Set(filesOf(ann));
  await write(ann, 'known.py', text);
  const [anns = ''] = filesOf(ann).filter((file) => !before.has(file));
  const name = anns.split('/').at(-1) ?? '';
  const original = readFileSync(anns);
  const mallorys = join(statePaths(stack.stateDir).blobs, mallory.tenant, name);
  const changed = Buffer.from(original);
  changed.writeUInt8(changed.readUInt8(70_000) ^ 1, 70_000);
  mkdirSync(join(anns, '..'), { recursive: true });
  for (const bytes of [
    changed,
    original.subarray(0, 51 + 65_552),
    readFileSync(mallorys),
    Buffer.from(text),
  ]) {
    writeFileSync(anns, bytes);
    const read = await call(ann, 'read_file', { path: 'known.py' });
    expect(JSON.stringify(read)).not.toContain('xxxx');
    expect(read.error).toMatchObject({ code: 'internal' });
  }
  writeFileSync(anns, original);
  expect(JSON.stringify(await call(ann, 'read_file', { path: 'known.py' }))).toContain('xxxx');
  cpSync(anns, mallorys);
  expect((await call(mallory, 'read_file', { path: 'known.py' })).error).toMatchObject({
    code: 'internal',
  });
});

describe('blobs of before they were sealed', () => {
  const digestOf = (text: string) => createHash('sha256').update(text).digest('hex');
  const fileOf = (person: Person, sha256: string) =>
    join(statePaths(stack.stateDir).blobs, person.tenant, sha256);
  const asOperator = <Result>(work: (operator: KeyOperator) => Promise<Result>) =>
    asKeyOperator(stack.ownerUrl, work);
  const keyOf = (file: string) => readFileSync(file).subarray(0, 12).toString();
  /** Puts a file of Ann's back as it lay before, in the clear. */
  async function unseal(path: string, text: string): Promise<string> {
    await write(ann, path, text);
    const file = fileOf(ann, digestOf(text));
    writeFileSync(file, text);
    return file;
  }
  const read = async (person: Person, path: string) =>
    JSON.stringify(await call(person, 'read_file', { path }));

  test('are sealed when they are first read, and no other may lie in the clear', async () => {
    const text = `# read ${'y'.repeat(300_000)}\n`;
    const file = await unseal('old.py', text);
    expect(await read(ann, 'old.py')).not.toContain('yyyy');
    expect(await asOperator((operator) => operator.resealBlobs(ann.tenant))).toBeGreaterThan(3);
    const readers = await Promise.all(Array.from({ length: 6 }, () => read(ann, 'old.py')));
    for (const answer of readers) expect(answer).toContain('yyyy');
    expect(keyOf(file)).toMatch(/^CWB1/);
    expect(await fireCron(stack)).toBe(200);
    expect(await asOperator((operator) => operator.countBlobsToSeal())).toEqual({ waiting: 0, damaged: [] });
    writeFileSync(file, text);
    expect(await read(ann, 'old.py')).not.toContain('yyyy');
  });

  test('and those of an earlier key are sealed with the newest by the cron, while all is read', async () => {
    const file = await unseal('never-read.py', `# not read ${'z'.repeat(500_000)}\n`);
    await write(ann, 'other.py', '# other\n');
    const other = fileOf(ann, digestOf('# other\n'));
    const before = keyOf(other);
    const source = nodeSource([stack.secrets.keyPassphrase]);
    await asOperator((operator) => rotateDataKeys(operator, source, ann.tenant, () => {}));
    await asOperator((operator) => operator.resealBlobs(ann.tenant));
    expect(await read(ann, 'other.py')).toContain('# other');
    for (let sweeps = 0; sweeps < 5; sweeps++) await fireCron(stack);
    expect(await asOperator((operator) => operator.countBlobsToSeal())).toEqual({ waiting: 0, damaged: [] });
    expect(await read(ann, 'never-read.py')).toContain('zzzz');
    expect(await read(ann, 'other.py')).toContain('# other');
    expect(keyOf(other)).not.toBe(before);
    expect(keyOf(file)).toBe(keyOf(other));
  });

  test('one that Mallory put there in the clear is no file of that name: it is left as it is and named', async () => {
    const text = '# true\n';
    const file = await unseal('swapped.py', text);
    writeFileSync(file, '# not so\n');
    await asOperator((operator) => operator.resealBlobs(ann.tenant));
    expect(await read(ann, 'swapped.py')).not.toContain('not so');
    await fireCron(stack);
    expect(await asOperator((operator) => operator.countBlobsToSeal())).toEqual({
      waiting: 0,
      damaged: [{ tenant: ann.tenant, sha256: digestOf(text) }],
    });
    expect(readFileSync(file, 'utf8')).toBe('# not so\n');
  });
});
