import { expect, test } from 'vitest';
import { settleModeller } from '../support/model-project.ts';
import { postModern } from '../support/modern-call.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';

const stack = sharedStack();

test('a client that closes the stream ends its wait, and the run goes on to its end', async () => {
  const ann = await settleModeller(stack, 'Ann', 'import time\ntime.sleep(20)\nprint("done")\n');
  const closing = new AbortController();
  const response = await postModern(stack, ann.token, 'tools/call', {
    params: {
      name: 'run_model',
      arguments: { project: ann.project, path: 'model.py', wait_seconds: 50 },
    },
    meta: { progressToken: 'p' },
    signal: closing.signal,
  });
  await response.body?.getReader().read();
  closing.abort();
  // A call is written into the request log when its work is over.
  const ended = () =>
    queryAs(
      stack.superuserUrl,
      "select 1 from app.token_uses where tenant_id = $1 and target = 'run_model'",
      [ann.tenant],
    );
  await expect.poll(async () => (await ended()).length, { timeout: 30_000 }).toBe(1);
  const { structured } = await ann.call<{ runs: { run: string; state: string }[] }>('list_runs', {
    project: ann.project,
  });
  expect(structured.runs).toMatchObject([{ state: 'active' }]);
  expect(await ann.getRun(structured.runs[0]?.run ?? '', 50)).toMatchObject({
    state: 'succeeded',
    stdout: { text: 'done\n' },
  });
});
