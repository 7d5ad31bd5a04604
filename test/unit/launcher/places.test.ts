import { describe, expect, test } from 'vitest';
import {
  findEngineCallers,
  findLongFiles,
  findMachineTraces,
  findStrayLogs,
  findStraySql,
} from '../../../cli/gate/places.ts';

describe('SQL outside its folders is found', () => {
  test.each([
    "client.query('select * from app.runs')",
    'sql`insert into app.runs (run_id) values (1)`',
    'query("UPDATE app.runs SET state = 1")',
    "query('delete from app.runs')",
    "query('create table app.other (x int)')",
  ])('%s', (text) => {
    expect(findStraySql([{ path: 'worker/runs/start.ts', text }])).toHaveLength(1);
    expect(findStraySql([{ path: 'worker/database/runs.ts', text }])).toEqual([]);
  });

  test.each([
    "throw new Error('select a project first')",
    "hint: 'update the file and try again'",
    "this.ctx.storage.sql.exec('select * from leases')",
  ])('and this is none: %s', (text) => {
    expect(findStraySql([{ path: 'worker/runs/start.ts', text }])).toEqual([]);
  });
});

describe('a way into a log past the function that masks secrets is found', () => {
  test.each(['console.error(error)', 'console .log(x)', 'globalThis.console[level](x)'])('%s', (text) => {
    for (const path of ['worker/runs/start.ts', 'executor/run-job.ts', 'protocol/ids.ts'])
      expect(findStrayLogs([{ path, text }])).toHaveLength(1);
    expect(findStrayLogs([{ path: 'worker/log.ts', text }])).toEqual([]);
  });

  test.each(['process.stderr.write(reason)', 'console.error(error)'])(
    '%s of a program that is started alone',
    (text) => {
      for (const path of ['cli/commands/keys.ts', 'infra/postgres-http/server.ts', 'executor/main.ts'])
        expect(findStrayLogs([{ path, text }])).toHaveLength(1);
      for (const path of ['cli/terminal/print.ts', 'infra/postgres-http/log.ts', 'executor/log.ts'])
        expect(findStrayLogs([{ path, text }])).toEqual([]);
    },
  );
});

describe('a second caller of an engine is found, the one caller is not', () => {
  test.each([
    ['gvisor.ts', "import { spawn } from 'node:child_process';\nspawn(settings.runscPath, ['run']);"],
    ['docker-api.ts', "import { request } from 'node:http';\nrequest({ socketPath, path: '/info' });"],
  ])('%s', (caller, text) => {
    expect(findEngineCallers([{ path: 'executor/warm-pool.ts', text }])).toHaveLength(1);
    expect(findEngineCallers([{ path: `executor/sandbox/${caller}`, text }])).toEqual([]);
  });
});

describe('traces of the machine that wrote a file are found', () => {
  const host = ['registry', 'npmjs', 'org'].join('.');
  test.each([`resolved https://${host}/pg`, `see /${'work'}/main/notes`, `/${'home'}/ann/x`])(
    '%s',
    (text) => {
      expect(findMachineTraces([{ path: 'docs/x.md', text }])).toHaveLength(1);
    },
  );

  test.each(['a path like ./work/main', 'the /repo folder', 'https://example.com/home/page'])(
    'none in %s',
    (text) => {
      expect(findMachineTraces([{ path: 'docs/x.md', text }])).toEqual([]);
    },
  );
});

test('a program of 351 lines is too long, one of 350 is not', () => {
  const ofLines = (count: number) => [{ path: 'cli/x.ts', text: 'x\n'.repeat(count) }];
  expect(findLongFiles(ofLines(351))).toHaveLength(1);
  expect(findLongFiles(ofLines(350))).toEqual([]);
});
