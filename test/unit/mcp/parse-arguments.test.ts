import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { parseArguments } from '../../../worker/mcp/parse-arguments.ts';

const tool = {
  name: 'examine',
  input: z.object({
    project: z.string().default('p'),
    names: z.array(z.string()).default([]),
    files: z.array(z.object({ path: z.string(), content: z.string() })).default([]),
    code: z.string().default(''),
    parameters: z.record(z.string(), z.unknown()).default({}),
    message: z.string().min(1).max(8).default('m'),
    format: z.enum(['csv', 'tsv']).default('csv'),
    seconds: z.number().min(1).max(50).default(1),
    labels: z.array(z.string()).min(1).max(2).default(['a']),
  }),
};

function faultsOf(given: unknown): unknown {
  const parsed = parseArguments(tool, given);
  return parsed.ok ? [] : parsed.refusal.details?.faults;
}

describe('arguments that would be dropped or could not be kept are refused with their place', () => {
  const half = 'half of a surrogate pair';
  test.each<[string, unknown, string, string]>([
    ['a misspelt name', { params: {} }, 'params', 'no such argument'],
    ['a prototype', JSON.parse('{"__proto__": {}}'), '__proto__', 'no such argument'],
    ['a name that would write on a terminal', { '\u001b[2J': 1 }, '\ufffd[2J', 'no such argument'],
    ['NUL in a name', { project: 'a\0' }, 'project', 'NUL'],
    ['NUL in a list', { names: ['a', 'b\0'] }, 'names.1', 'NUL'],
    ['half a pair in a name', { project: '\udc00' }, 'project', half],
    ['half a pair in code', { code: '\ud800' }, 'code', half],
    ['an argument that is missing', { files: [{ path: 'a' }] }, 'files.0.content', 'is missing'],
    ['an argument of another type', { project: 7 }, 'project', 'expected string'],
    ['text where an object belongs', { parameters: '{"growth": 1}' }, 'parameters', 'expected a JSON object'],
    ['empty text', { message: '' }, 'message', 'is empty'],
    ['an empty list', { labels: [] }, 'labels', 'is empty'],
    ['text that is too long', { message: 'too long a message' }, 'message', 'must be at most 8 characters'],
    ['a list that is too long', { labels: ['a', 'b', 'c'] }, 'labels', 'must be at most 2 items'],
    ['too small a number', { seconds: 0 }, 'seconds', 'must be at least 1'],
    ['too large a number', { seconds: 600 }, 'seconds', 'must be at most 50'],
    ['a choice that there is not', { format: 'xlsx' }, 'format', 'must be one of: csv, tsv'],
    ['half a pair in a file', { files: [{ path: 'a', content: '\ud800' }] }, 'files.0.content', half],
  ])('%s', (_what, given, at, message) => {
    expect(faultsOf(given)).toEqual([{ at, message: expect.stringContaining(message) as string }]);
  });
});

describe('what stays allowed', () => {
  test.each<[string, unknown]>([
    ['NUL in the text of a file', { files: [{ path: 'a', content: '\0' }], code: '\0' }],
    ['whole pairs', { project: '📈' }],
    ['parameters of any name', { parameters: { growth: 1 } }],
    ['no arguments', undefined],
  ])('%s', (_what, given) => {
    expect(faultsOf(given)).toEqual([]);
  });
});
