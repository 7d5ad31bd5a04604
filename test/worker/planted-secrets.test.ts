import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callTool, postMcp } from '../support/mcp-call.ts';
import type { RunReply } from '../support/model-project.ts';
import { type Person, settlePerson } from '../support/people.ts';
import { queryAs } from '../support/query-as.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

let stack: TestStack;
let stop: () => Promise<void>;
let ann: Person;

beforeAll(async () => {
  ({ stack, stop } = await startTestStack({ slots: 1 }));
  ann = await settlePerson(stack, { name: 'Ann' });
});
afterAll(() => stop());

const CORE = 'S3cr3tS3cr3tS3cr3tS3cr3tS3cr3tS3cr3tS3cr3tXY';
const PLANTED = [
  `crt_${CORE}`,
  `eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.${CORE}`,
  `postgres://causeway_app:${CORE}@db.example.com/x`,
  `Bearer ${CORE}`,
  `-----BEGIN PRIVATE KEY-----${CORE}-----END PRIVATE KEY-----`,
];

/** What the deployment and its caller hold. */
const OWN = (): readonly string[] => {
  const { sealKey, contextKey, keyPassphrase, ownerPassword, appPassword } = stack.secrets;
  return [ann.token, sealKey, contextKey, keyPassphrase, ownerPassword, appPassword];
};

const call = (params: object, headers: Record<string, string> = {}) =>
  postMcp(stack, ann.token, { jsonrpc: '2.0', id: 1, method: 'tools/call', params }, { headers });

/** Everything that was logged, and every row that tells of what happened. */
async function records(): Promise<string> {
  const dir = join(stack.stateDir, 'logs');
  const logs = readdirSync(dir).map((file) => readFileSync(join(dir, file), 'utf8'));
  const tables = ['audit_events', 'token_uses', 'platform_events', 'authentication_events'];
  const rows = await Promise.all(
    tables.map((table) =>
      queryAs(stack.superuserUrl, `select to_jsonb(t)::text as row from app.${table} as t`),
    ),
  );
  return [...logs, ...rows.flat().map(({ row }) => row as string)].join('\n');
}

test('a secret that comes along is in no log, audit event, request log or trace', async () => {
  // A state of a trace takes no spaces and slashes.
  const traced = (secret: string) => ({
    traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    ...(/^[\w.-]+$/.test(secret) ? { tracestate: `vendor=${secret}` } : {}),
  });
  for (const secret of PLANTED) {
    const oneLine = secret.replaceAll('\n', ' ');
    const answers = [
      await call(
        { name: 'list_files', arguments: { project: secret } },
        { 'user-agent': `agent ${oneLine}` },
      ),
      await call({ name: 'create_project', arguments: { name: 'Budget', key: secret } }),
      await call({ name: 'run_code', arguments: { project: secret, code: `raise ValueError(${secret})` } }),
      await call({ name: secret, arguments: {} }),
      await call({ name: 'whoami', arguments: { nested: { deep: [secret] } } }),
      await call({ name: 'whoami', arguments: {}, _meta: traced(secret) }),
      await fetch(`${stack.publicUrl}/mcp?access_token=${encodeURIComponent(secret)}`),
      await fetch(`${stack.publicUrl}/nowhere/${encodeURIComponent(secret)}`, {
        headers: { authorization: oneLine, cookie: `__Host-session=${encodeURIComponent(secret)}` },
      }),
    ];
    for (const answer of answers) {
      const told = `${JSON.stringify([...answer.headers])} ${await answer.text()}`;
      for (const own of OWN()) expect(told).not.toContain(own);
    }
  }
  await expect.poll(records, { interval: 500 }).toContain('whoami');
  const seen = await records();
  expect(seen).not.toContain(CORE);
  for (const own of OWN()) expect(seen).not.toContain(own);
});

test('a secret that a run prints in two pieces is in the output of the run, and nowhere else', async () => {
  const { structured: made } = await callTool(stack, ann.token, 'create_project', { name: 'Pieces' });
  const [head, tail] = [CORE.slice(0, 9), CORE.slice(9)];
  const code = ['import sys, time', `pieces = ["crt_${head}", "${tail}"]`]
    .concat(['for stream in (sys.stdout, sys.stderr):', ' for piece in pieces:'])
    .concat(['  print(piece, end="", file=stream, flush=True)', '  time.sleep(0.3)'])
    .concat(['raise ValueError("".join(pieces))'])
    .join('\n');
  const { structured } = await callTool<RunReply>(stack, ann.token, 'run_code', {
    project: made.project,
    code,
  });
  expect(structured.stdout.text).toBe(`crt_${CORE}`);
  expect(structured.state).toBe('failed');
  await expect.poll(records, { interval: 500 }).toContain(structured.run);
  // Either piece alone has no form by which it could be masked.
  expect(await records()).not.toContain(tail);
});
