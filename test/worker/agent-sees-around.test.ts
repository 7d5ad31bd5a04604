import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { apiSession } from '../support/api.ts';
import { Ear } from '../support/ear.ts';
import { callTool } from '../support/mcp-call.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { type Account, settleAccount } from '../support/visitor.ts';

const stack = sharedStack();

interface Answer {
  readonly run: string;
  readonly state: string;
  readonly [field: string]: unknown;
}

describe('Mallory’s agent, which guesses or goes around,', () => {
  let ear: Ear;
  let project: string;
  let paula: Account;
  const TEXT = 'name,salary\nAda,7318450\n';
  const importing = (more: object) => ear.call('import_data', { project, format: 'csv', ...more });
  beforeAll(async () => {
    paula = await settleAccount(stack, { name: 'Paula' });
    const mallory = await settleAccount(stack, { name: 'Mallory', tenant: paula.tenant, role: 'member' });
    const made = await callTool<{ project: string }>(stack, paula.token, 'create_project', { name: 'Pay' });
    project = made.structured.project;
    ear = new Ear(stack, mallory.token, '2026');
    await callTool(stack, paula.token, 'import_data', {
      ...{ project, name: 'pay', format: 'csv', text: TEXT, agent_sees: 'schema_only' },
    });
  });

  test('is told how to work with what she does not see, and of no rows to be read', async () => {
    await callTool(stack, paula.token, 'import_data', {
      ...{ project, name: 'open', format: 'csv', text: TEXT.replace('7318450', '1') },
    });
    const given = async (name: string) =>
      JSON.stringify(await ear.ask('prompts/get', { name, arguments: { project, source: 'pay' } }));
    for (const name of ['explore_data', 'build_forecast'])
      expect(await given(name)).toContain('Of this data you see the schema only');
    const read = async (source: string) =>
      JSON.stringify(await ear.ask('resources/read', { uri: `data://${project}/${source}` }));
    expect(await read('pay')).not.toContain('Its rows are at');
    expect(await read('open')).toContain('Its rows are at');
  });

  test('is not told that bytes which she sends are the very ones', async () => {
    const other = TEXT.replace('7318450', '7318451');
    const same = await importing({ name: 'pay', text: TEXT });
    const wrong = await importing({ name: 'pay', text: other });
    expect(wrong).toMatchObject({ new_snapshot: true, replaces: null, sha256: null, bytes: null });
    expect(same).toEqual(wrong);
    const described = async (text: string) => {
      await importing({ name: 'pay', text });
      const listed = await ear.call<{ data_sources: { name: string }[] }>('list_data_sources', { project });
      return [
        await ear.call('describe_data', { project, name: 'pay' }),
        listed.data_sources.find(({ name }) => name === 'pay'),
      ];
    };
    const known = await described(TEXT);
    expect(await described(TEXT.replace('7318450', '7318452'))).toEqual(known);
    expect(known).toMatchObject([
      { origin: null, imported_at: null, snapshots: null },
      { imported_at: null },
    ]);
    // One column reads as either format.
    const column = 'salary\n7318450\n';
    await importing({ name: 'column', text: column, agent_sees: 'schema_only' });
    const asTsv = (text: string) => importing({ format: 'tsv', name: 'column', text });
    const refused = [await asTsv(column), await asTsv('salary\n1\n')];
    expect(refused.map(({ code, message }) => [code, message])).toEqual([
      ['already_exists', '`column` is kept in another format.'],
      ['already_exists', '`column` is kept in another format.'],
    ]);
  });

  test('gets no rows by importing Paula’s upload once more under another name', async () => {
    const bytes = new TextEncoder().encode(TEXT).byteLength;
    const upload = await ear.call<{ upload: string; url: string }>('create_upload', {
      ...{ project, name: 'people', format: 'csv', bytes, agent_sees: 'schema_only' },
    });
    expect((await fetch(upload.url, { method: 'PUT', body: TEXT })).status).toBe(201);
    for (const name of ['people', 'others', 'pay'])
      expect(await importing({ name, upload: upload.upload })).toMatchObject({
        ...{ agent_sees: 'schema_only', sample: [], row_count: null },
        columns: [
          { name: 'name', type: 'text' },
          { name: 'salary', type: 'integer' },
        ],
      });
  });

  test('as an admin reads no digest of it in the audit log either: that is for people', async () => {
    const adam = await settleAccount(stack, { name: 'Adam', tenant: paula.tenant, role: 'admin' });
    const agent = new Ear(stack, adam.token, '2025');
    const bearer = { authorization: `Bearer ${adam.token}` };
    const [api, log] = [
      `${stack.publicUrl}/api/v1/tenants/${paula.tenant}/audit`,
      `/audit/${paula.tenant}/export`,
    ];
    expect(await agent.open(api, bearer)).toBe(401);
    for (const path of ['/audit', log])
      expect(await agent.open(`${stack.publicUrl}${path}`, bearer)).toBe(303);
    const sha256 = createHash('sha256').update(TEXT).digest('hex');
    expect(agent.heard.join('\n')).not.toContain(sha256);
    const admin = await apiSession(stack, adam);
    const read = await admin.get('searchAudit', {
      params: { tenant: paula.tenant },
      query: { action: 'data.import' },
    });
    expect(JSON.stringify(read)).toContain(sha256);
  });

  test('is told of data that cannot be read what kind of fault it has, and none of it', async () => {
    const text = 'name,salary\nAda,1\nzq-secret,2,3\n';
    const refused = await importing({ name: 'bad', text, agent_sees: 'schema_only' });
    expect(refused).toMatchObject({
      ...{
        code: 'invalid_data',
        message: 'The data cannot be read as csv: ragged row. Nothing was imported.',
      },
      details: { reason: 'ragged_row' },
    });
  });

  test('learns nothing by text of what a withheld run left: neither its columns nor that a guess of all of it is right', async () => {
    const left = 'zq_secret\n1\n';
    const code = `import causeway\ncauseway.data("pay")\nopen("/outputs/left.csv", "w").write(${JSON.stringify(left)})\n`;
    const { run } = await ear.call<Answer>('run_code', { project, code, data: ['pay'] });
    const run_output = { run, name: 'left.csv' };
    const answers: unknown[] = [];
    for (const [name, guess] of [
      ['right', left],
      ['wrong', left.replace('1', '2')],
    ] as const) {
      await importing({ name, text: guess, agent_sees: 'schema_only' });
      const seen = [await importing({ name, run_output }), await importing({ name, text: guess })];
      seen.push(await ear.call('describe_data', { project, name }));
      expect(seen).toMatchObject(
        seen.map(() => ({ columns: [], column_count: null, agent_sees: 'schema_only' })),
      );
      answers.push(
        JSON.parse(
          JSON.stringify(seen)
            .replaceAll(/dat_[0-9a-z]+/g, 'ID')
            .replaceAll(name, 'NAME'),
        ),
      );
    }
    expect(answers[0]).toEqual(answers[1]);
  });

  test('joins no run that is active: that two are made of the same would tell what another left', async () => {
    await ear.call('write_files', {
      ...{ project, message: 'Wait', files: [{ path: 'wait.py', content: 'import time\ntime.sleep(2)\n' }] },
    });
    const asked = { project, path: 'wait.py', data: ['pay'], wait_seconds: 0 };
    const runs = [await ear.call<Answer>('run_model', asked), await ear.call<Answer>('run_model', asked)];
    expect(runs[0]?.run).not.toBe(runs[1]?.run);
    expect(runs.map(({ deduplicated }) => deduplicated)).toEqual([false, false]);
  });

  test('starts six a minute on such data at most, and is told when there are more', async () => {
    const start = () =>
      ear.call<Answer & { code?: string; retry_after_seconds?: number; details?: { limit: string } }>(
        'run_code',
        {
          ...{ project, code: 'pass', data: ['pay'], wait_seconds: 0 },
        },
      );
    let refused = await start();
    // Minutes are the clock's: at most two of them are met here.
    for (let starts = 1; refused.code === undefined && starts <= 12; starts++) refused = await start();
    expect(refused).toMatchObject({ code: 'rate_limited', details: { limit: 'withheld_starts_per_minute' } });
    expect(refused.retry_after_seconds).toBeGreaterThan(0);
    expect(refused.retry_after_seconds).toBeLessThanOrEqual(60);
  });

  test('tries out no names of what a run left: each guess is a start, and a wrong one is answered as bad data is', async () => {
    const { runs } = await ear.call<{ runs: { run: string }[] }>('list_runs', { project, limit: 1 });
    const codes = new Set<unknown>();
    let refused: Record<string, unknown> = {};
    // Minutes are the clock’s: at most two of them are met here.
    for (let guess = 0; guess <= 12; guess++) {
      const run_output = { run: runs[0]?.run, name: `secret-is-${guess}` };
      refused = await importing({ name: 'left', run_output });
      codes.add(refused.code);
      if (refused.code === 'rate_limited') break;
    }
    expect(refused).toMatchObject({ hint: expect.stringContaining('each import is a start') });
    expect(codes.has('rate_limited')).toBe(true);
    expect([...codes].filter((code) => code !== 'rate_limited' && code !== 'invalid_data')).toEqual([]);
  });
});

describe('data of which agents saw all until now', () => {
  test('are not shown by an import of their upload under another name, nor of equal bytes that were sent twice', async () => {
    const ann = await settleAccount(stack, { name: 'Ann' });
    const ear = new Ear(stack, ann.token, '2026');
    const { project } = await ear.call<{ project: string }>('create_project', { name: 'Pay' });
    const importing = (more: object) => ear.call('import_data', { project, format: 'csv', ...more });
    const send = async (text: string, name = 'pay') => {
      const { upload, url } = await ear.call<{ upload: string; url: string }>('create_upload', {
        ...{ project, name, format: 'csv', bytes: text.length },
      });
      expect((await fetch(url, { method: 'PUT', body: text })).status).toBe(201);
      return upload;
    };
    const text = 'name,salary\nAda,7318450\n';
    const uploads = [await send(text), await send(text)];
    for (const upload of uploads)
      expect(await importing({ name: 'pay', upload })).toMatchObject({ agent_sees: 'full', row_count: 1 });
    const other = await send('name,salary\nEve,1\n', 'other');

    await importing({ name: 'pay', text: 'name,salary\nBob,2\n', agent_sees: 'schema_only' });
    for (const [n, upload] of uploads.entries())
      expect(await importing({ name: `again${n}`, upload })).toMatchObject({
        ...{ agent_sees: 'schema_only', sample: [], row_count: null },
      });
    expect(await importing({ name: 'other', upload: other })).toMatchObject({ agent_sees: 'full' });
  });

  test('are not shown by an upload that was announced under their name, before they came or after', async () => {
    const ann = await settleAccount(stack, { name: 'Ann' });
    const ear = new Ear(stack, ann.token, '2026');
    const { project } = await ear.call<{ project: string }>('create_project', { name: 'Pay' });
    const text = 'name,salary\nAda,7318450\n';
    const announce = () =>
      ear.call<{ upload: string; url: string }>('create_upload', {
        ...{ project, name: 'pay', format: 'csv', bytes: text.length },
      });
    const before = await announce();
    await ear.call('import_data', {
      ...{ project, name: 'pay', format: 'csv', text: 'name,salary\nBob,2\n', agent_sees: 'schema_only' },
    });
    for (const [n, { upload, url }] of [before, await announce()].entries()) {
      expect((await fetch(url, { method: 'PUT', body: text })).status).toBe(201);
      const imported = await ear.call('import_data', { project, name: `by${n}`, format: 'csv', upload });
      expect(imported).toMatchObject({ agent_sees: 'schema_only', sample: [], row_count: null });
    }
    expect(ear.heard.join('\n')).not.toContain('7318450');
  });

  test('are not shown so either where their source became stricter by what else was imported into it', async () => {
    const ann = await settleAccount(stack, { name: 'Ann' });
    const ear = new Ear(stack, ann.token, '2025');
    const { project } = await ear.call<{ project: string }>('create_project', { name: 'Pay' });
    const send = async (text: string, more: object) => {
      const { upload, url } = await ear.call<{ upload: string; url: string }>('create_upload', {
        ...{ project, name: 'pay', format: 'csv', bytes: text.length, ...more },
      });
      expect((await fetch(url, { method: 'PUT', body: text })).status).toBe(201);
      return upload;
    };
    const importing = (name: string, upload: string) =>
      ear.call('import_data', { project, format: 'csv', name, upload });
    const first = await send('name,salary\nAda,7318450\n', {});
    expect(await importing('pay', first)).toMatchObject({ agent_sees: 'full' });
    const second = await send('name,salary\nBob,2\n', { agent_sees: 'schema_only' });
    expect(await importing('pay', second)).toMatchObject({ agent_sees: 'schema_only' });
    expect(await importing('again', first)).toMatchObject({ agent_sees: 'schema_only', sample: [] });
  });

  test('are withheld with every run that had them and all that was computed from these, links that were given out too', async () => {
    const ann = await settleAccount(stack, { name: 'Ann' });
    const ear = new Ear(stack, ann.token, '2025');
    const made = await ear.call<{ project: string }>('create_project', { name: 'Pay' });
    const { project } = made;
    const text = `name,salary\n${'Ada,7318450\n'.repeat(30)}`;
    await ear.call('import_data', { project, name: 'pay', format: 'csv', text });
    const code =
      'import causeway\ndf = causeway.data()\ndf.to_csv("/outputs/all.csv", index=False)\nprint(len(df))\n';
    const first = await ear.call<Answer>('run_code', {
      project,
      code: code.replace('data()', 'data("pay")'),
    });
    const shown = await ear.call<{ download_url: string }>('get_run_output', {
      ...{ run: first.run, name: 'all.csv', limit: 1 },
    });
    expect(await ear.open(shown.download_url)).toBe(200);
    await ear.call('import_data', {
      ...{ project, name: 'copy', format: 'csv', run_output: { run: first.run, name: 'all.csv' } },
    });
    const second = await ear.call<Answer>('run_code', {
      ...{ project, code: code.replace('data()', 'data("copy")'), data: ['copy'] },
    });
    expect([first, second].map(({ stdout }) => (stdout as { text: string }).text)).toEqual(['30\n', '30\n']);

    await ear.call('import_data', { project, name: 'pay', format: 'csv', text, agent_sees: 'schema_only' });
    for (const { run } of [first, second]) {
      expect(await ear.call('get_run', { run })).toMatchObject({ stdout: { text: '' }, outputs: [] });
      expect(await ear.call('get_run_output', { run, name: 'all.csv' })).toMatchObject({ code: 'withheld' });
    }
    expect(await ear.call('describe_data', { project, name: 'copy' })).toMatchObject({
      columns: [],
      row_count: null,
    });
    expect(await ear.open(shown.download_url)).toBe(404);
  });
});

test('data that comes to a source which agents see whole is as strict as its project says by then: as text, sent, and from a run', async () => {
  const ann = await settleAccount(stack, { name: 'Ann' });
  const ear = new Ear(stack, ann.token, '2026');
  const { project } = await ear.call<{ project: string }>('create_project', { name: 'Stricter since' });
  const ways = ['text', 'upload', 'run_output'] as const;
  const text = 'name,salary\nAda,1\n';
  for (const name of ways) await ear.call('import_data', { project, name, format: 'csv', text });
  const code = `open("/outputs/left.csv", "w").write(${JSON.stringify(text)})\n`;
  const { run } = await ear.call<Answer>('run_code', { project, code, data: [] });
  const owner = await apiSession(stack, ann);
  const body = { agent_sees: 'schema_only' };
  await owner.get('setProjectAgentSees', { params: { tenant: ann.tenant, project }, body });
  const sent = await ear.call<{ upload: string; url: string }>('create_upload', {
    ...{ project, name: 'upload', format: 'csv', bytes: text.length },
  });
  expect((await fetch(sent.url, { method: 'PUT', body: text })).status).toBe(201);
  const from = {
    text: { text },
    upload: { upload: sent.upload },
    run_output: { run_output: { run, name: 'left.csv' } },
  };
  for (const name of ways)
    expect(
      await ear.call('import_data', { project, name, format: 'csv', ...from[name] }),
      name,
    ).toMatchObject({
      ...{ agent_sees: 'schema_only', row_count: null, sample: [] },
    });
  const params = { tenant: ann.tenant, project, source: 'text' };
  await owner.get('setDataAgentSees', { params, body: { agent_sees: 'full' } });
  const next = { name: 'text', format: 'csv', text: `${text}Bea,2\n` };
  expect(await ear.call('import_data', { project, ...next }), 'as a person said of it').toMatchObject({
    ...{ agent_sees: 'full', row_count: 2 },
  });
});
