import { expect, it } from 'vitest';
import type { JobReport } from '../../../bench/mcp/measure-jobs.ts';
import { compare } from '../../../bench/mcp/report.ts';

const measured = (subject: string, job: string, p50Ms: number, cpuUs: number): JobReport => ({
  ...{ subject, job, p50Ms, cpuUs, revision: '2026-07-28', clients: 1 },
  ...{ perSecond: 1, p99Ms: 1, bytes: 1, lost: 0, firstLoss: null },
});

it('the first server is compared with each other one, at the job that both do', () => {
  const ratios = compare([
    measured('ours', 'whoami', 1, 1),
    measured('ours', 'tools/list', 3, 600),
    measured('theirs', 'tools/list', 2, 300),
  ]);
  expect(ratios).toEqual([{ beside: 'theirs', revision: '2026-07-28', clients: 1, p50: 1.5, cpu: 2 }]);
});
