import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { objectOf } from '../../cli/commands/tenant-purge.ts';
import { signedIn } from '../support/oauth.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { type Acme, causeway as command, settleAcme } from '../support/tenant-world.ts';

const stack = sharedStack();
let ann: Acme['ann'];
let run: string;

beforeAll(async () => {
  ({ ann } = await settleAcme(stack));
  const started = await ann.runModel(3, { wait_seconds: 45 });
  run = started.structured.run;
  expect(started.structured.state).toBe('succeeded');
});

const seen = (sql: string, values: readonly unknown[] = []) => queryAs(stack.superuserUrl, sql, values);
const purge = (...args: readonly string[]) =>
  command(
    stack,
    'tenant',
    'purge',
    ann.tenant,
    ...args,
    '--reason',
    'erasure request 17',
    '--public-url',
    stack.publicUrl,
  );
/** Whether the object store has a content of Acme. */
const fileOf = (sha256: unknown) => join(stack.stateDir, 'blobs', ann.tenant, String(sha256));
const isStored = (sha256: unknown) => existsSync(fileOf(sha256));
const digestOf = async (path: string) => {
  const [row] = await seen(
    `select t.files -> $2 ->> 'sha256' as sha256 from app.trees as t where t.tenant_id = $1 and t.files ? $2 limit 1`,
    [ann.tenant, path],
  );
  return row?.sha256;
};
/** Runs a program alone in a project of its own. */
const printIn = async (name: string, content: string) => {
  const { project } = (await ann.call<{ project: string }>('create_project', { name })).structured;
  await ann.call('write_files', { project, files: [{ path: 'chatty.py', content }], message: name });
  const input = { project, path: 'chatty.py', wait_seconds: 45 };
  const { structured, error } = await ann.call<{ run: string; state: string }>('run_model', input);
  expect(error).toBeNull();
  expect(structured.state).toBe('succeeded');
  return { project, run: structured.run };
};
const PURGED = { code: 'purged', message: expect.stringContaining('erasure request 17') };

describe('what is purged', () => {
  test('is gone for good: a file says when and why, its commit and the rest of its history stay', async () => {
    const digest = await digestOf('folder/inside.txt');
    expect(isStored(digest)).toBe(true);
    const before = await ann.call('list_commits', { project: ann.project });
    const done = await purge('--project', ann.project, '--path', 'folder/inside.txt', '--json');
    expect(done.code, done.out).toBe(0);
    expect(JSON.parse(done.out)).toMatchObject({ sha256: [digest], told: true });
    expect(isStored(digest)).toBe(false);
    const read = await ann.call('read_file', { project: ann.project, path: 'folder/inside.txt' });
    expect(read.error).toMatchObject(PURGED);
    expect((await ann.call('list_commits', { project: ann.project })).structured).toEqual(before.structured);
    const other = await ann.call<{ text: string }>('read_file', { project: ann.project, path: 'big/1.txt' });
    expect(other.error).toBeNull();
  });

  test('is needed by no run any more: one that would mount it is refused', async () => {
    const refused = await ann.runModel(4);
    expect(refused.error).toMatchObject({ code: 'purged' });
    await ann.call('write_files', {
      project: ann.project,
      files: [{ path: 'folder/inside.txt', content: 'another' }],
      message: 'Written anew',
    });
    expect((await ann.runModel(4, { wait_seconds: 45 })).structured.state).toBe('succeeded');
  });

  test('is not taken from something else that holds the same bytes, unless that is meant', async () => {
    await ann.call('write_files', {
      project: ann.project,
      files: [{ path: 'copy.txt', content: '1'.repeat(900_000) }],
      message: 'The same once more',
    });
    const shared = await purge('--project', ann.project, '--path', 'copy.txt');
    expect(shared.code).toBe(1);
    expect(shared.out).toContain('big/1.txt');
    expect(isStored(await digestOf('copy.txt'))).toBe(true);
    expect(await purge('--project', ann.project, '--path', 'copy.txt', '--even-if-shared')).toMatchObject({
      code: 0,
    });
    const read = await ann.call('read_file', { project: ann.project, path: 'big/1.txt' });
    expect(read.error).toMatchObject(PURGED);
  });

  test('of a run is an output, or all that it printed; its outcome stays', async () => {
    const output = await purge('--run', run, '--output', 'table.csv');
    expect(output.code, output.out).toBe(0);
    const read = await ann.call('get_run_output', { run, name: 'table.csv' });
    expect(read.error).toMatchObject(PURGED);
    expect((await purge('--run', run, '--log')).code).toBe(0);
    const log = await ann.call('get_run_output', { run, name: 'stdout' });
    expect(JSON.stringify(log)).not.toContain('canary');
    expect(JSON.stringify(log)).toContain('[purged]');
    expect(JSON.stringify(await ann.getRun(run))).not.toContain('canary');
    const [row] = await seen('select outcome::text, state from app.runs where run_id = $1', [run]);
    expect(row?.state).toBe('succeeded');
    expect(row?.outcome).not.toContain('canary');
  });

  test('of a run is missing on its page, which shows the rest', async () => {
    const browser = await signedIn(stack, ann);
    const page = await browser.get(`/runs/${ann.tenant}/${run}`);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('What it was made of');
    const file = await browser.get(`/runs/${ann.tenant}/${run}/outputs/table.csv`);
    expect(file.status).not.toBe(200);
    expect(await file.text()).toContain('erasure request 17');
    const { project, run: again } = await printIn('pages', 'print("another program")\n');
    expect((await purge('--project', project, '--path', 'chatty.py')).code).toBe(0);
    const rest = await browser.get(`/runs/${ann.tenant}/${again}`);
    expect(rest.status).toBe(200);
    expect(await rest.text()).not.toContain('another program&quot;');
  });

  test('is removed once more where it was on its way to the store when it went', async () => {
    const add = (path: string) =>
      ann.call('write_files', {
        project: ann.project,
        files: [{ path, content: `only ${path}` }],
        message: path,
      });
    await Promise.all([await add('late.txt'), await add('next.txt')]);
    const late = await digestOf('late.txt');
    const sealed = readFileSync(fileOf(late));
    await purge('--project', ann.project, '--path', 'late.txt');
    writeFileSync(fileOf(late), sealed);
    await purge('--project', ann.project, '--path', 'next.txt');
    expect(isStored(late)).toBe(false);
  });

  test('of one run is not taken from another that printed the same', async () => {
    const long = (n: number) => `# ${n}\nprint("as the other did\\n" * 40_000)\n`;
    const { run: one } = await printIn('first', long(1));
    const { run: other } = await printIn('second', long(2));
    const log = await purge('--run', one, '--log');
    expect(log.code).toBe(1);
    expect(log.out).toContain(`log of ${other}`);
  });

  test('of data is the source with every snapshot, and what was described of them', async () => {
    const [before] = await seen('select sha256 from app.data_snapshots where tenant_id = $1', [ann.tenant]);
    const done = await purge('--project', ann.project, '--data', 'sales');
    expect(done.code, done.out).toBe(0);
    expect(isStored(before?.sha256)).toBe(false);
    const described = await ann.call('describe_data', { project: ann.project, name: 'sales' });
    expect(described.error).toMatchObject({ code: 'not_found' });
    expect(await seen('select from app.data_snapshots where tenant_id = $1', [ann.tenant])).toEqual([]);
  });

  test('of one project is of that one alone, whatever another has under the same name', async () => {
    const twin = (await ann.call<{ project: string }>('create_project', { name: 'twin' })).structured.project;
    const text = 'day,eur\n2026-01-02,7\n';
    for (const project of [ann.project, twin]) {
      await ann.call('write_files', {
        project,
        files: [{ path: 'both.txt', content: 'as there' }],
        message: 'In both',
      });
      await ann.call('import_data', { project, name: 'both', format: 'csv', text });
    }
    const file = await purge('--project', 'twin', '--path', 'both.txt');
    expect(file.code).toBe(1);
    expect(file.out).toContain('file both.txt in models');
    expect(isStored(await digestOf('both.txt'))).toBe(true);
    const data = await purge('--project', 'twin', '--data', 'both');
    expect(data.code).toBe(1);
    expect(data.out).toContain('data source both in models');
    expect((await purge('--project', 'twin', '--data', 'both', '--even-if-shared')).code).toBe(0);
    const left = await seen(
      "select project_id from app.data_sources where tenant_id = $1 and name = 'both'",
      [ann.tenant],
    );
    expect(left).toEqual([{ project_id: ann.project }]);
  });

  test('is quoted by no data source that holds the same bytes', async () => {
    const text = 'name,birthday\nHortensia,1931-02-03\n';
    await ann.call('write_files', {
      project: ann.project,
      files: [{ path: 'guests.csv', content: text }],
      message: 'Guests',
    });
    await ann.call('import_data', { project: ann.project, name: 'guests', format: 'csv', text });
    const describe = () => ann.call('describe_data', { project: ann.project, name: 'guests' });
    expect(JSON.stringify(await describe())).toContain('Hortensia');
    const file = ['--project', ann.project, '--path', 'guests.csv'];
    expect((await purge(...file)).out).toContain('data source guests in models');
    expect((await purge(...file, '--even-if-shared')).code).toBe(0);
    const { structured, error } = await describe();
    expect(error).toBeNull();
    expect(structured).toMatchObject({ columns: [{ name: 'name' }, { name: 'birthday' }], sample: [] });
    expect(JSON.stringify(structured)).not.toMatch(/Hortensia|1931/);
    const rows = await seen('select n::text as row from app.data_snapshots as n where tenant_id = $1', [
      ann.tenant,
    ]);
    expect(JSON.stringify(rows)).not.toMatch(/Hortensia|1931/);
  });

  test('of data takes the uploads that it came from; an upload of the same bytes elsewhere is asked about', async () => {
    const body = 'day,eur\n2026-03-04,11\n';
    const send = async (project: string, name: string) => {
      const asked = { project, name, format: 'csv', bytes: body.length };
      const { structured } = await ann.call<{ upload: string; url: string }>('create_upload', asked);
      expect((await fetch(structured.url, { method: 'PUT', body })).status).toBe(201);
      return structured.upload;
    };
    const [own, other] = [await send(ann.project, 'sent'), await send('twin', 'sent')];
    await ann.call('import_data', {
      ...{ project: ann.project, name: 'sent', format: 'csv', upload: own },
    });
    const shared = await purge('--project', ann.project, '--data', 'sent');
    expect(shared.code).toBe(1);
    expect(shared.out).toContain('upload for sent in twin');
    expect(shared.out).not.toContain('in models');
    expect((await purge('--project', ann.project, '--data', 'sent', '--even-if-shared')).code).toBe(0);
    expect(await seen('select from app.uploads where upload_id = any($1)', [[own, other]])).toEqual([]);
    const again = await ann.call('import_data', {
      ...{ project: 'twin', name: 'sent', format: 'csv', upload: other },
    });
    expect(again.error).toMatchObject({ code: 'not_found' });
  });

  test('stands in the audit log with its digest and reason, and not with its content', async () => {
    const events = await seen(
      "select details::text from app.audit_events where tenant_id = $1 and action = 'object.purge' order by position",
      [ann.tenant],
    );
    expect(events).toHaveLength(11);
    for (const { details } of events) {
      expect(details).toContain('erasure request 17');
      expect(details).not.toContain('canary');
    }
  });

  test.each([
    ['a file that is not there', ['--project', 'models', '--path', 'nothing.txt']],
    ['an output of a run that is not there', ['--run', 'run_00000000000000000000000000', '--output', 'x']],
  ])('is not %s', async (_title, args) => {
    const { code, out } = await purge(...args);
    expect(code, out).toBe(1);
    expect(out).toContain('Nothing was purged');
  });

  test.each([
    ['nothing', { project: 'models' }],
    ['two objects at once', { project: 'models', path: 'a', data: 'b' }],
    ['an output of no run', { output: 'table.csv' }],
  ])('is not %s, whatever options the command is given', (_title, options) => {
    expect(() => objectOf(options)).toThrow('Nothing was purged');
  });
});
