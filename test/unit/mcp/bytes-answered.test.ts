import { expect, test, vi } from 'vitest';
import { bytesAnswered } from '../../../worker/mcp/bytes-answered.ts';

test.each<[string, Record<string, unknown>, number]>([
  ['of a tool is its JSON', { content: [{ type: 'text', text: '{"é":1}' }], structuredContent: { é: 1 } }, 8],
  [
    'of a tool with an image is both',
    {
      content: [
        { type: 'text', text: '{}' },
        { type: 'image', data: 'AAAA', mimeType: 'image/png' },
      ],
    },
    6,
  ],
  ['of a tool with a link is that too', { content: [{ type: 'resource_link', uri: 'x' }] }, 34],
  ['of a resource are its texts and bytes', { contents: [{ uri: 'a', text: 'abc' }, { blob: 'AAAA' }] }, 7],
  [
    'of a prompt are its texts',
    {
      messages: [
        { role: 'user', content: { type: 'text', text: 'abc' } },
        { role: 'user', content: { text: 'd' } },
      ],
    },
    4,
  ],
  [
    'of a prompt that holds a resource is that',
    { messages: [{ role: 'user', content: { type: 'resource', resource: { text: 'abc' } } }] },
    45,
  ],
  ['of anything else is its JSON', { completion: { values: ['ä'] } }, 32],
  ['of nothing is nothing', { content: [] }, 0],
])('what was answered %s', (_what, result, bytes) => {
  expect(bytesAnswered(result)).toBe(bytes);
});

test('a large text is not serialised to be measured', () => {
  const stringify = vi.spyOn(JSON, 'stringify');
  expect(bytesAnswered({ content: [{ type: 'text', text: 'x'.repeat(2 ** 20) }] })).toBe(2 ** 20);
  expect(stringify).not.toHaveBeenCalled();
  stringify.mockRestore();
});
