import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readAuditEvents } from '../../cli/database/audit-events.ts';
import type { DemoReport } from '../../examples/demo/report.ts';
import { runDemo } from '../../examples/demo/run-demo.ts';
import { sharedStack } from '../support/shared-stack.ts';

const stack = sharedStack();
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47]);

describe('the demo', () => {
  let report: DemoReport;
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

test('a demo that cannot reach its server says so, and is not ok', async () => {
  const lines: string[] = [];
  const report = await runDemo({
    mcpUrl: stack.mcpUrl,
    apiToken: `${stack.apiToken.slice(0, -1)}x`,
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
