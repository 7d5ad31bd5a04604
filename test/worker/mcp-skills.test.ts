import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { postMcp, readMessage } from '../support/mcp-call.ts';
import { READERS } from '../support/mcp-clients.ts';
import { type Modeller, type RunReply, settleModeller } from '../support/model-project.ts';
import { sharedStack } from '../support/shared-stack.ts';

const stack = sharedStack();
const FOLDER = fileURLToPath(new URL('../../worker/mcp/skills/', import.meta.url));
const SKILLS = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.md'))
  .map((file) => ({ name: file.slice(0, -3), text: readFileSync(`${FOLDER}${file}`, 'utf8') }));

/** The Python of every skill, each piece as an agent would copy it. */
const SNIPPETS = SKILLS.flatMap(({ name, text }) =>
  [...text.matchAll(/^```python\n(.*?)^```$/gms)].map(
    ([, code = ''], index) => [`${name}, piece ${index + 1}`, code] as const,
  ),
);

let ann: Modeller;

beforeAll(async () => {
  ann = await settleModeller(stack, 'Ann');
  const months = Array.from(
    { length: 24 },
    (_, n) => `${2024 + Math.floor(n / 12)}-${String((n % 12) + 1).padStart(2, '0')}-05`,
  );
  const rows = months.flatMap((date, n) =>
    ['boat', 'raft'].map(
      (product, m) => `${date},${product},00${n}${m},${1000 + n * 37 + ((n * 7919) % 101) + m * 500}.50`,
    ),
  );
  const imported = await ann.call('import_data', {
    ...{ project: ann.project, name: 'sales', format: 'csv' },
    text: `date,product,customer,revenue_eur\n${rows.join('\n')}\n`,
  });
  expect(imported.error).toBeNull();
});

describe('what a skill shows runs as it stands', () => {
  test.each(SNIPPETS)('%s', async (_name, code) => {
    const { structured } = await ann.call<RunReply>('run_code', { project: ann.project, code });
    expect(structured.error).toBeNull();
    expect(structured.state).toBe('succeeded');
    expect(structured.stdout.text.length + structured.outputs.length).toBeGreaterThan(0);
  });

  test('and there is enough of it', () => expect(SNIPPETS.length).toBeGreaterThanOrEqual(12));
});

test('every skill is short, and is named as its file', () => {
  expect(SKILLS.length).toBeGreaterThanOrEqual(5);
  for (const { name, text } of SKILLS) {
    expect(text).toMatch(new RegExp(`^---\nname: ${name}\ndescription: .{40,300}\n---\n# `));
    expect(text.length, name).toBeLessThan(6000);
  }
});

test.each(READERS)('a client of %s reads each skill as it is', async (_revision, connect) => {
  const reader = await connect(stack, ann.token);
  for (const { name, text } of SKILLS)
    expect(await reader.read(`skill://${name}/SKILL.md`)).toMatchObject([
      { mimeType: 'text/markdown', text },
    ]);
  expect(reader.instructions()).toContain('skill://write-a-model/SKILL.md');
  await reader.close();
});

test('skills/list and skills/get name each skill with the digest of its file (SEP-2640)', async () => {
  const ask = async (method: string, params: object) =>
    (await readMessage(await postMcp(stack, ann.token, { jsonrpc: '2.0', id: 1, method, params }))) as {
      result: { skills: { uri: string; resources: object[] }[]; skill: object };
      error?: { code: number };
    };
  const { skills } = (await ask('skills/list', {})).result;
  expect(skills.map(({ uri }) => uri).toSorted()).toEqual(
    SKILLS.map(({ name }) => `skill://${name}/SKILL.md`).toSorted(),
  );
  for (const { name, text } of SKILLS) {
    const uri = `skill://${name}/SKILL.md`;
    const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
    const entry = skills.find((skill) => skill.uri === uri);
    expect(entry?.resources).toEqual([{ uri, digest, size: Buffer.byteLength(text) }]);
    expect((await ask('skills/get', { uri })).result.skill).toEqual(entry);
  }
  expect((await ask('skills/get', { uri: 'skill://absent/SKILL.md' })).error?.code).toBe(-32602);
});
