import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { leanInput, leanOutput } from '../../../worker/mcp/lean-schema.ts';

const ofInput = (schema: z.ZodType) => leanInput(z.object({ x: schema })).properties?.x;
const ofOutput = (schema: z.ZodType) => leanOutput(z.object({ x: schema })).properties?.x;

describe('an argument keeps what a call is made by', () => {
  test.each([
    ['its type', z.string(), { type: 'string' }],
    ['its description', z.string().describe('A name'), { type: 'string', description: 'A name' }],
    ['its choices', z.enum(['csv', 'tsv']), { type: 'string', enum: ['csv', 'tsv'] }],
    ['a default that says something', z.number().default(45), { type: 'number', default: 45 }],
    [
      'bounds that it is chosen within',
      z.number().min(64).max(4096),
      { type: 'number', minimum: 64, maximum: 4096 },
    ],
    ['what is in its list', z.array(z.string().max(9)).max(9), { type: 'array', items: { type: 'string' } }],
  ])('%s', (_what, schema, lean) => expect(ofInput(schema)).toEqual(lean));

  test('which arguments it cannot do without, inside of lists too', () => {
    const files = z.array(z.object({ path: z.string(), content: z.string().optional() }));
    expect(leanInput(z.object({ files, note: z.string().optional() }))).toMatchObject({
      required: ['files'],
      properties: { files: { items: { required: ['path'] } } },
    });
  });

  test('an argument of any name, also one that is a word of JSON Schema', () => {
    const schema = z.object({ pattern: z.string().max(5), default: z.string(), format: z.string() });
    expect(Object.keys(leanInput(schema).properties ?? {})).toEqual(['pattern', 'default', 'format']);
  });
});

describe('an argument is rid of what is judged anyway', () => {
  test.each([
    ['lengths and patterns', z.string().min(1).max(9).regex(/^a/), { type: 'string' }],
    ['bounds of whole numbers', z.number().int(), { type: 'integer' }],
    ['an empty default', z.record(z.string(), z.unknown()).default({}), { type: 'object' }],
    ['the default of a switch', z.boolean().default(false), { type: 'boolean' }],
  ])('%s', (_what, schema, lean) => expect(ofInput(schema)).toEqual(lean));
});

describe('a field of an answer says what it holds', () => {
  test.each([
    ['a text', z.string(), { type: 'string' }],
    ['a text or nothing', z.string().nullable(), { type: ['string', 'null'] }],
    ['one of some words', z.enum(['a', 'b']), { type: 'string', description: 'a, b' }],
    [
      'an object',
      z.object({ id: z.string(), name: z.string() }),
      { type: 'object', description: 'id, name' },
    ],
    [
      'an object or nothing',
      z.object({ id: z.string() }).nullable().describe('null: none'),
      { type: ['object', 'null'], description: 'id; null: none' },
    ],
    [
      'a list of objects',
      z.array(z.object({ path: z.string(), bytes: z.number() })),
      { type: 'array', description: 'path, bytes' },
    ],
    ['a list of texts', z.array(z.string()), { type: 'array', items: { type: 'string' } }],
    ['a list of rows', z.array(z.array(z.unknown())), { type: 'array', items: { type: 'array' } }],
  ])('%s', (_what, schema, lean) => expect(ofOutput(schema)).toEqual(lean));
});
