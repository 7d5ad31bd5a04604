import { expect, test } from 'vitest';
import type { TenantId } from '../../protocol/ids.ts';
import { operatorOf } from '../support/fleet.ts';
import { settleModeller } from '../support/model-project.ts';
import { postModern } from '../support/modern-call.ts';
import { playExecutor } from '../support/played-executor.ts';
import { succeeded } from '../support/played-outcome.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';

const stack = sharedStack();

test('a client that closes the stream ends its wait, and the run goes on to its end', async () => {
  const ann = await settleModeller(stack, 'Ann');
  // A host of her own, that ends her run when the test says so.
  const operator = operatorOf(stack);
  const pool = await operator.makePool(ann.tenant as TenantId, 'hers');
  await operator.place(ann.tenant as TenantId, { placement: { pool } });
  const executor = await playExecutor(stack, { pool });
  expect(await executor.connect()).toBe('welcome');
  const closing = new AbortController();
  const response = await postModern(stack, ann.token, 'tools/call', {
    params: {
      name: 'run_model',
      arguments: { project: ann.project, path: 'model.py', wait_seconds: 50 },
    },
    meta: { progressToken: 'p' },
    signal: closing.signal,
  });
  const { run, fence } = await executor.takeJob();
  executor.hold({ run, fence });
  await response.body?.getReader().read();
  closing.abort();
  // A call is written into the request log when its work is over.
  const ended = () =>
    queryAs(
      stack.superuserUrl,
      "select 1 from app.token_uses where tenant_id = $1 and target = 'run_model'",
      [ann.tenant],
    );
  await expect.poll(async () => (await ended()).length).toBe(1);
  const { structured } = await ann.call<{ runs: { run: string; state: string }[] }>('list_runs', {
    project: ann.project,
  });
  expect(structured.runs).toMatchObject([{ run, state: 'active' }]);
  executor.send({ type: 'outcome', run, fence, outcome: succeeded('done\n') });
  expect(await ann.getRun(run, 50)).toMatchObject({ state: 'succeeded', stdout: { text: 'done\n' } });
  await executor.stop();
});
