import { beforeAll, describe, expect, test } from 'vitest';
import { type Modeller, type RunReply, settleModeller } from '../support/model-project.ts';
import { sharedStack } from '../support/shared-stack.ts';

let ann: Modeller;
beforeAll(async () => {
  ann = await settleModeller(sharedStack(), 'Ann');
});

describe('an endless loop', () => {
  test('is stopped at its time, with the line at which it was', async () => {
    const { structured } = await ann.call<RunReply>('run_code', {
      project: ann.project,
      code: 'print("begin")\nwhile True:\n    pass\n',
      timeout_seconds: 1,
    });
    expect(structured.state).toBe('timed_out');
    expect(structured.limit).toMatchObject({ name: 'run_wall_ms', value: 1000 });
    expect(structured.stdout.text).toBe('begin\n');
  });

  test('is active after the wait, shows what it printed, and is cancelled', async () => {
    const started = await ann.call<RunReply>('run_code', {
      project: ann.project,
      code: 'import time\nwhile True:\n    print("still here")\n    time.sleep(0.2)\n',
      wait_seconds: 0,
    });
    const { run: id } = started.structured;
    let seen = await ann.getRun(id, 0);
    while (!seen.stdout.text.includes('still here')) seen = await ann.getRun(id, 0.2);
    expect(seen.state).toBe('running');
    expect((await ann.call<RunReply>('cancel_run', { run: id })).structured.state).toBe('cancelled');
    expect((await ann.getRun(id)).stdout.text).toContain('still here');
  });
});
