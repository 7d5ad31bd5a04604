import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RestoreReport } from '../../cli/backup/restore-backup.ts';
import type { BackupReport } from '../../cli/backup/write-backup.ts';
import { takeBackup } from '../../cli/commands/backup.ts';
import { readAuditEvents } from '../../cli/database/audit-events.ts';
import type { DemoReport } from '../../examples/demo/report.ts';
import { runDemo } from '../../examples/demo/run-demo.ts';
import { causeway } from '../support/causeway.ts';
import { callTool } from '../support/mcp-call.ts';
import type { RunReply } from '../support/model-project.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

const stack = sharedStack();
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47]);

let report: DemoReport;

describe('the demo', () => {
  let outputsFolder: string;
  const lines: string[] = [];

  beforeAll(async () => {
    outputsFolder = mkdtempSync(join(tmpdir(), 'causeway-demo-test-'));
    report = await runDemo({
      mcpUrl: stack.mcpUrl,
      apiToken: stack.apiToken,
      json: true,
      auditEvents: (tenant, since) => readAuditEvents(stack.ownerUrl, tenant, since),
      outputsFolder,
      write: (line) => lines.push(line),
    });
  });
  afterAll(() => rmSync(outputsFolder, { recursive: true, force: true }));

  test('does every step of the main job, by clients of both revisions', () => {
    expect(report.steps.filter(({ ok }) => !ok)).toEqual([]);
    expect(report.ok).toBe(true);
    expect(report.mcp).toEqual(['2026-07-28', '2025-11-25']);
    expect(report.steps.map(({ name }) => name)).toEqual([
      'whoami',
      'create_project',
      'write_files',
      'import_data',
      'create_upload',
      'describe_data',
      'run_model',
      'compare_runs',
      'progress',
      'fixed_seed',
      'large_data',
      'edit_file',
      'isolation',
      'cancel_run',
      'second_client',
      'audit',
    ]);
  });

  test('ends with its report as one line of JSON, in the promised form', () => {
    expect(lines).toHaveLength(1);
    const printed = JSON.parse(lines[0] ?? '') as DemoReport;
    expect(printed).toEqual(report);
    expect(Object.keys(printed)).toEqual(['ok', 'mcp', 'steps', 'runs', 'sandbox']);
    expect(printed.sandbox).toEqual({
      engine: 'gvisor',
      image: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    });
    for (const step of printed.steps)
      expect(step).toEqual({ name: expect.any(String), ok: true, ms: expect.any(Number) });
    for (const run of printed.runs) {
      expect(run).toEqual({
        id: expect.stringMatching(/^run_/),
        status: expect.any(String),
        ms: expect.any(Number),
        outputs: expect.any(Array),
      });
    }
  });

  test('had runs that succeeded, one that failed of its bug, and one that was cancelled', () => {
    const statuses = report.runs.map(({ status }) => status);
    expect(statuses.filter((status) => status === 'failed')).toHaveLength(1);
    expect(statuses.filter((status) => status === 'cancelled')).toHaveLength(1);
    expect(statuses.filter((status) => status === 'succeeded')).toHaveLength(report.runs.length - 2);
    expect(new Set(report.runs.map(({ id }) => id)).size).toBe(report.runs.length);
  });

  test('saved the charts that came as images', () => {
    for (const name of ['employment-trend.png', 'valuation.png']) {
      const path = join(outputsFolder, name);
      expect(existsSync(path)).toBe(true);
      expect(readFileSync(path).subarray(0, 4)).toEqual(PNG);
    }
  });
});

describe('the demo, backed up while it is served, and restored elsewhere', () => {
  let folder: string;
  let taken: BackupReport;
  let told: RestoreReport;
  let restored: TestStack;
  let stop: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'causeway-restore-test-'));
    const stateDir = join(folder, 'state');
    const out = join(folder, 'backups');
    const key = join(folder, 'audit.key');
    writeFileSync(key, (await causeway(['audit', 'key', '--state', stack.stateDir])).stdout);
    // Seals and signs what the demo did now, however young the last checkpoint is.
    const log = ['--out', join(folder, 'audit.jsonl'), '--state', stack.stateDir];
    expect(await causeway(['audit', 'export', ...log])).toMatchObject({ code: 0 });
    taken = await takeBackup({ state: stack.stateDir, out });
    const restore = ['restore', '--from', out, '--state', stateDir, '--audit-key', key, '--json'];
    told = JSON.parse((await causeway(restore, { KEY_PASSPHRASE: stack.secrets.keyPassphrase })).stdout);
    ({ stack: restored, stop } = await startTestStack({ stateDir, slots: 1 }));
  }, 180_000);
  afterAll(async () => {
    await stop?.();
    rmSync(folder, { recursive: true, force: true });
  });

  const runOn = async (on: TestStack, run: string): Promise<unknown> =>
    (await callTool(on, stack.apiToken, 'get_run', { run })).structured;
  const outputOn = async (on: TestStack, run: string, name: string): Promise<unknown> =>
    (await callTool(on, stack.apiToken, 'get_run_output', { run, name })).content;

  test('has every row and blob, and an audit log that is proven against the key that was kept', () => {
    expect(taken.isSealed).toBe(true);
    expect(taken.missing.filter(({ why }) => why !== 'purged')).toEqual([]);
    expect(told).toMatchObject({ id: taken.id, rows: taken.rows, tables: taken.tables });
    expect(told.blobs).toEqual({ count: taken.blobs?.count, written: taken.blobs?.count });
    expect(taken.blobs?.count).toBeGreaterThan(10);
    expect(told.audit.tenants).toBeGreaterThan(0);
    expect(told.audit.entries).toBeGreaterThan(20);
  });

  test('answers of each run, by the same token, what it answered before', async () => {
    for (const { id, outputs } of report.runs) {
      expect(await runOn(restored, id)).toEqual(await runOn(stack, id));
      const [name] = outputs;
      if (name !== undefined)
        expect(await outputOn(restored, id, name)).toEqual(await outputOn(stack, id, name));
    }
  });

  test('lets people work on: a model that was restored runs, and its run is in the audit log', async () => {
    const [project] = (
      await callTool<{ projects: { project: string; name: string }[] }>(
        restored,
        stack.apiToken,
        'list_projects',
      )
    ).structured.projects;
    const written = await callTool(restored, stack.apiToken, 'write_files', {
      project: project?.project,
      files: [{ path: 'after_restore.py', content: 'print(6 * 7)\n' }],
      message: 'Work on after the restore',
    });
    expect(written.error).toBeNull();
    const run = await callTool<RunReply>(restored, stack.apiToken, 'run_model', {
      project: project?.project,
      path: 'after_restore.py',
    });
    expect(run.structured).toMatchObject({ state: 'succeeded', stdout: { text: '42\n' } });
    const events = await readAuditEvents(restored.ownerUrl, stack.secrets.developmentTenant, new Date(0));
    expect(events.map(({ targetId }) => targetId)).toContain(run.structured.run);
    expect(events.length).toBeGreaterThan(20);
  });
});

test('a demo that cannot reach its server says so, and is not ok', async () => {
  const lines: string[] = [];
  const report = await runDemo({
    mcpUrl: stack.mcpUrl,
    apiToken: stack.apiToken.replace(/.$/, (last) => (last === 'x' ? 'y' : 'x')),
    json: true,
    write: (line) => lines.push(line),
  });
  expect(report.ok).toBe(false);
  expect(report.steps).toEqual([
    {
      name: 'connect_2026',
      ok: false,
      ms: expect.any(Number),
      error: expect.stringContaining('no connection'),
    },
  ]);
  expect(lines).toHaveLength(1);
});
