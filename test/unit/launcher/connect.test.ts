import { expect, test } from 'vitest';
import { causeway } from '../../support/causeway.ts';

const connect = (url: string) => causeway(['connect', 'claude-code', '--sign-in', '--url', url]);

test('a deployment that is named by its own address is connected at its endpoint', async () => {
  for (const url of ['https://causeway.example.com', 'https://causeway.example.com/mcp'])
    expect((await connect(url)).stdout).toMatch(/ causeway https:\/\/causeway\.example\.com\/mcp\n$/);
});

test('what is no address connects nothing', async () => {
  expect(await connect('causeway')).toMatchObject({ code: 1, stdout: '' });
});
