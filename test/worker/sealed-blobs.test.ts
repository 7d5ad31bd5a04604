import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { statePaths } from '../../cli/stack/state-paths.ts';
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
  const dir = join(statePaths(stack.stateDir).blobs, person.tenantId);
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
  const output = await call(ann, 'get_run_output', { run: run.structured.run, name: `${canary}.txt` });
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
  const mallorys = join(statePaths(stack.stateDir).blobs, mallory.tenantId, name);
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
    expect(read.structured).toMatchObject({ code: 'internal' });
  }
  writeFileSync(anns, original);
  expect(JSON.stringify(await call(ann, 'read_file', { path: 'known.py' }))).toContain('xxxx');
  cpSync(anns, mallorys);
  expect((await call(mallory, 'read_file', { path: 'known.py' })).structured).toMatchObject({
    code: 'internal',
  });
});
