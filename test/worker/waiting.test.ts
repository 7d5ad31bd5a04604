import { beforeAll, expect, test } from 'vitest';
import { type Modeller, type RunReply, settleModeller } from '../support/model-project.ts';
import { sharedStack } from '../support/shared-stack.ts';

const stack = sharedStack();
let ann: Modeller;

beforeAll(async () => {
  ann = await settleModeller(
    stack,
    'Ann',
    'import time\nprint("begun", flush=True)\ntime.sleep(6)\nprint("done")\n',
  );
});

test('a call that waited long enough answers with the run as it stands, and get_run waits for the rest', async () => {
  const { structured } = await ann.runModel(1, { wait_seconds: 1 });
  expect(['queued', 'leased', 'running']).toContain(structured.state);
  expect(structured.hint).toBe(`Call get_run with run="${structured.run}" and wait_seconds=45 for its end.`);
  const ended = await ann.getRun(structured.run, 45);
  expect(ended.state).toBe('succeeded');
  expect(ended.stdout.text).toBe('begun\ndone\n');
});

test('the same call finds the run that the first one left, and does not start another', async () => {
  const key = { idempotency_key: 'a-key-of-ann-1' };
  const first = await ann.runModel(2, { wait_seconds: 0, ...key });
  const again = await ann.runModel(2, { wait_seconds: 0, ...key });
  expect(again.structured.run).toBe(first.structured.run);
});

test.each(['run_model', 'run_code', 'get_run'])('%s waits for no longer than clients do', async (tool) => {
  const { error } = await ann.call<RunReply>(tool, {
    ...{ project: ann.project, path: 'model.py', code: '1', run: 'run_x', wait_seconds: 51 },
  });
  expect(error?.code).toBe('invalid_arguments');
  expect(error?.message).toContain('wait_seconds');
});
