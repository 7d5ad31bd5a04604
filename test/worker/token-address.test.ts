import { expect, test } from 'vitest';
import { asOperator } from '../../cli/database/operator.ts';
import { rotateToken } from '../../cli/identity/rotate-token.ts';
import type { TokenId } from '../../protocol/ids.ts';
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

test('a rotated token and its successor both work during the overlap, and without one the old ends at once', async () => {
  const ann = await settlePerson(stack, { name: 'Ann' });
  const rotate = (token: TokenId, overlapMs: number) =>
    asOperator(stack.ownerUrl, (operator) => rotateToken(operator, token, overlapMs));
  const second = await rotate(ann.tokenId, 3_600_000);
  if (second === null) throw new Error('a living token is rotated');
  for (const token of [ann.token, second.text])
    expect((await callTool(stack, token, 'whoami')).error).toBeNull();
  await expect(rotate(ann.tokenId, 0)).rejects.toThrow('could not be rotated');
  const third = await rotate(second.id, 0);
  expect((await postMcp(stack, second.text, WHOAMI)).status).toBe(401);
  expect((await callTool(stack, third?.text ?? '', 'whoami')).error).toBeNull();
});
