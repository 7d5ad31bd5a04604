import { beforeAll, describe, expect, test } from 'vitest';
import { callTool } from '../support/mcp-call.ts';
import { type Person, settlePerson } from '../support/people.ts';
import { sharedStack } from '../support/shared-stack.ts';

const stack = sharedStack();
let ann: Person;
let project: string;
let firstCommit: string;

beforeAll(async () => {
  ann = await settlePerson(stack, { name: 'Ann' });
  project = (await callTool<{ project: string }>(stack, ann.token, 'create_project', { name: 'Bad input' }))
    .structured.project;
  firstCommit = (await write({ 'a.py': 'print(1)\n', 'b.py': 'print(2)\n' })).structured.commit;
});

function write(files: Record<string, string | null>, more: Record<string, unknown> = {}) {
  const list = Object.entries(files).map(([path, content]) =>
    content === null ? { path, delete: true } : { path, content },
  );
  return callTool<{ commit: string }>(stack, ann.token, 'write_files', {
    project,
    files: list,
    message: 'Change',
    ...more,
  });
}

const headNow = async () =>
  (await callTool<{ commits: { commit: string }[] }>(stack, ann.token, 'list_commits', { project }))
    .structured.commits[0]?.commit;

describe('a bad path gets invalid_path, and nothing is half-written', () => {
  test.each([
    '../x',
    '/etc/passwd',
    '',
    'a//b',
    'a/../../b',
    '.git/config',
    'a\u0000b',
    'a\\b',
    'evil\u202egnp.py',
    'x/.GIT/y',
  ])('%j', async (path) => {
    const before = await headNow();
    const reply = await write({ 'good.py': 'print(3)', [path]: 'x' });
    expect(reply.error?.code).toBe('invalid_path');
    expect(reply.error?.message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(await headNow()).toBe(before);
  });
});

describe('each refusal has a stable code, says what to do, and shows no inside', () => {
  const cases: [string, string, Record<string, unknown>, string][] = [
    [
      'an unknown project',
      'read_file',
      { project: 'prj_00000000000000000000000000', path: 'a.py' },
      'not_found',
    ],
    ['an unknown file', 'read_file', { path: 'A.py' }, 'not_found'],
    ['an unknown commit', 'read_file', { path: 'a.py', ref: 'fffffff' }, 'not_found'],
    [
      'a file over its limit',
      'write_files',
      { files: [{ path: 'big.txt', content: 'x'.repeat(1024 * 1024 + 1) }], message: 'm' },
      'file_too_large',
    ],
    [
      'both content and delete',
      'write_files',
      { files: [{ path: 'a.py', content: '', delete: true }], message: 'm' },
      'invalid_arguments',
    ],
    [
      'a path given twice',
      'write_files',
      {
        files: [
          { path: 'a', content: '' },
          { path: 'a', content: '1' },
        ],
        message: 'm',
      },
      'invalid_arguments',
    ],
    [
      'a lone surrogate',
      'write_files',
      { files: [{ path: 'a', content: '\ud800' }], message: 'm' },
      'invalid_arguments',
    ],
    [
      'deleting what is not there',
      'write_files',
      { files: [{ path: 'nope', delete: true }], message: 'm' },
      'not_found',
    ],
    [
      'a file where a folder is',
      'write_files',
      { files: [{ path: 'a.py/b', content: '' }], message: 'm' },
      'invalid_path',
    ],
    [
      'text that is not there',
      'edit_file',
      { path: 'a.py', old_text: 'zzz', new_text: '' },
      'text_not_found',
    ],
    ['a wrong type', 'read_file', { path: 7 }, 'invalid_arguments'],
    ['a number out of bounds', 'read_file', { path: 'a.py', first_line: 0 }, 'invalid_arguments'],
    [
      'an argument that the tool does not have',
      'write_files',
      { files: [{ path: 'a', content: '' }], message: 'm', expected_comit: 'fffffff' },
      'invalid_arguments',
    ],
    [
      'a NUL in a message',
      'write_files',
      { files: [{ path: 'a', content: '' }], message: 'a\u0000b' },
      'invalid_arguments',
    ],
    ['a NUL in the name of a project', 'list_files', { project: 'a\u0000b' }, 'invalid_arguments'],
    ['a NUL in a ref', 'read_file', { path: 'a.py', ref: 'abcdefg\u0000' }, 'invalid_arguments'],
    [
      'half of a surrogate pair in new text',
      'edit_file',
      { path: 'a.py', old_text: 'print', new_text: '\ud800' },
      'invalid_arguments',
    ],
    ['a forged cursor', 'list_commits', { cursor: 'AAAA' }, 'invalid_arguments'],
    ['a confirmation made up', 'archive_project', { confirmation: 'yes' }, 'confirmation_required'],
  ];
  test.each(cases)('%s', async (_what, tool, input, code) => {
    const { error } = await callTool(stack, ann.token, tool, { project, ...input });
    expect(error?.code).toBe(code);
    expect(error?.message.length).toBeGreaterThan(10);
    expect(error?.request_id).toMatch(/^req_/);
    expect(JSON.stringify(error)).not.toMatch(/\bat .*\.ts|node_modules|SELECT|postgres|stack/i);
  });

  test('the name of a project in another spelling of Unicode', async () => {
    expect((await callTool(stack, ann.token, 'create_project', { name: 'Caf\u00e9' })).error).toBeNull();
    const { error } = await callTool(stack, ann.token, 'create_project', { name: 'Cafe\u0301' });
    expect(error?.code).toBe('already_exists');
  });

  test('a stale expected_commit names the new head and the changed paths', async () => {
    await write({ 'a.py': 'print(10)\n' });
    const { error } = await write({ 'a.py': 'print(11)\n' }, { expected_commit: firstCommit });
    expect(error).toMatchObject({
      code: 'stale_commit',
      retryable: true,
      details: { head: await headNow(), changed_paths: ['a.py'] },
    });
  });

  test('an idempotency key used with other arguments', async () => {
    const idempotency_key = crypto.randomUUID();
    const first = await write({ 'k.py': '1' }, { idempotency_key });
    expect(first.error).toBeNull();
    expect((await write({ 'k.py': '1' }, { idempotency_key })).structured).toMatchObject({
      commit: first.structured.commit,
      replayed: true,
    });
    expect((await write({ 'k.py': '2' }, { idempotency_key })).error?.code).toBe('idempotency_conflict');
  });
});

describe('a name that looks like another one is refused, and shown without what deceives', () => {
  const names: [string, string][] = [
    ['an override of direction', 'Sales\u202egnp'],
    ['an isolate', 'Sales\u2066x\u2069'],
    ['a zero-width space', 'Sa\u200bles'],
    ['a zero-width joiner', 'Sa\u200dles'],
    ['a soft hyphen', 'Sa\u00adles'],
    ['a byte order mark', 'Sa\ufeffles'],
    ['an escape', 'Sales\u001b[31m'],
    ['a line separator', 'Sales\u2028x'],
    ['a tag character', 'Sales\u{e0041}'],
  ];
  const calls: [string, (name: string) => Record<string, unknown>][] = [
    ['create_project', (name) => ({ name })],
    ['import_data', (name) => ({ project, name, format: 'csv', text: 'a\n1\n' })],
    ['create_upload', (name) => ({ project, name, format: 'csv', bytes: 4 })],
    ['read_file', (path) => ({ project, path })],
  ];
  test.each(names)('%s', async (_what, name) => {
    for (const [tool, input] of calls) {
      const { error } = await callTool(stack, ann.token, tool, input(name));
      expect(['invalid_arguments', 'invalid_path', 'not_found']).toContain(error?.code);
      expect(error?.message).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }
  });
});

describe('the same key given by calls that race', () => {
  test.each<[string, () => Record<string, unknown>, string]>([
    ['create_project', () => ({ name: `Raced ${crypto.randomUUID()}` }), 'project'],
    [
      'write_files',
      () => ({ project, files: [{ path: 'raced.py', content: crypto.randomUUID() }], message: 'Race' }),
      'commit',
    ],
    [
      'import_data',
      () => ({ project, name: 'raced', format: 'csv', text: `a\n${crypto.randomUUID()}\n` }),
      'sha256',
    ],
    ['run_model', () => ({ project, path: 'a.py', wait_seconds: 0 }), 'run'],
  ])('%s does one thing, and tells all the same', async (tool, make, what) => {
    const input = { ...make(), idempotency_key: crypto.randomUUID() };
    const replies = await Promise.all(
      Array.from({ length: 8 }, () => callTool(stack, ann.token, tool, input)),
    );
    expect(replies.map(({ error }) => error)).toEqual(replies.map(() => null));
    expect(new Set(replies.map(({ structured }) => structured[what])).size).toBe(1);
  });
});

describe('Mallory of another tenant', () => {
  test('is told of a project that is not hers what she is told of none', async () => {
    const mallory = await settlePerson(stack, { name: 'Mallory' });
    const strip = (text: string | undefined, id: string) =>
      text?.replaceAll(id, 'X').replace(/req_\w+/g, 'R');
    for (const [tool, input] of [
      ['read_file', { path: 'a.py' }],
      ['list_files', {}],
      ['list_commits', {}],
      ['diff_files', {}],
      ['write_files', { files: [{ path: 'a', content: '' }], message: 'm' }],
      ['edit_file', { path: 'a.py', old_text: 'a', new_text: 'b' }],
      ['archive_project', {}],
    ] as const) {
      const absent = 'prj_00000000000000000000000000';
      const foreign = await callTool(stack, mallory.token, tool, { project, ...input });
      const none = await callTool(stack, mallory.token, tool, { project: absent, ...input });
      expect(foreign.error?.code).toBe('not_found');
      expect(strip(JSON.stringify(foreign.error), project)).toBe(strip(JSON.stringify(none.error), absent));
    }
  });
});
