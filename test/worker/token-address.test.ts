import { expect, test } from 'vitest';
import { asOperator } from '../../cli/database/operator.ts';
import { rotateToken } from '../../cli/identity/rotate-token.ts';
import { callTool, postMcp } from '../support/mcp-call.ts';
import { settlePerson } from '../support/people.ts';
import { sharedStack } from '../support/shared-stack.ts';

const stack = sharedStack();
const LIST = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} };
const WHOAMI = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'whoami', arguments: {} } };

test("a token that was stolen from Ann's network is of no use elsewhere, whatever the thief writes into headers", async () => {
  const ann = await settlePerson(stack, { name: 'Ann', addressRanges: ['192.0.2.0/24'] });
  const from = (address: string, more: Record<string, string> = {}) => ({
    headers: { 'cf-connecting-ip': address, ...more },
  });
  expect((await callTool(stack, ann.token, 'whoami', {}, from('192.0.2.7'))).error).toBeNull();
  const forged = {
    'x-forwarded-for': '192.0.2.7',
    forwarded: 'for=192.0.2.7',
    'x-real-ip': '192.0.2.7',
    'true-client-ip': '192.0.2.7',
  };
  for (const message of [LIST, WHOAMI]) {
    const response = await postMcp(stack, ann.token, message, from('203.0.113.9', forged));
    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ error: { code: 'address_not_allowed' } });
  }
});

test('a rotated token and its successor both work during the overlap, and one that ends at once does not', async () => {
  const ann = await settlePerson(stack, { name: 'Ann' });
  const rotate = (overlapMs: number) =>
    asOperator(stack.ownerUrl, (operator) => rotateToken(operator, ann.tokenId, overlapMs));
  const successor = await rotate(3_600_000);
  for (const token of [ann.token, successor?.text ?? ''])
    expect((await callTool(stack, token, 'whoami')).error).toBeNull();
  await rotate(0);
  expect((await postMcp(stack, ann.token, WHOAMI)).status).toBe(401);
});
