import { expect, test } from 'vitest';
import { z } from 'zod';
import { parseName } from '../../../worker/input/parse-name.ts';
import {
  descriptionText,
  isPlainText,
  messageText,
  nameText,
  referenceText,
} from '../../../worker/input/text-schemas.ts';
import { parseArguments } from '../../../worker/mcp/parse-arguments.ts';
import { createProjectTool } from '../../../worker/mcp/tools/create-project.ts';
import { editFile } from '../../../worker/mcp/tools/edit-file.ts';

test('a name is one line of at most 255 characters, composed and trimmed', () => {
  expect(nameText.parse('  e\u0301  ')).toBe('é');
  expect(nameText.safeParse('x'.repeat(255)).success).toBe(true);
  expect(nameText.safeParse('x'.repeat(256)).success).toBe(false);
  expect(nameText.safeParse('  ').success).toBe(false);
  expect(nameText.safeParse('a\nb').success).toBe(false);
});

test('a description has at most 8 KiB in UTF-8, and so has a message', () => {
  for (const schema of [descriptionText, messageText]) {
    expect(schema.safeParse('é'.repeat(4096)).success).toBe(true);
    expect(schema.safeParse('é'.repeat(4097)).success).toBe(false);
    expect(schema.safeParse('a\nb').success).toBe(true);
    expect(schema.safeParse('a\u202eb').success).toBe(false);
  }
});

test('a description and a message are composed, and a message is trimmed', () => {
  expect([descriptionText, messageText].map((schema) => schema.parse(' e\u0301 '))).toEqual([' é ', 'é']);
  expect(messageText.safeParse('  ').success).toBe(false);
});

test('what names an object has from 1 to 255 characters', () => {
  const isTaken = (text: string) => referenceText.safeParse(text).success;
  expect(['', 'x', 'x'.repeat(255), 'x'.repeat(256)].map(isTaken)).toEqual([false, true, true, false]);
});

test('names and descriptions are known as such, whatever stands around them; messages are not', () => {
  expect(
    [nameText, nameText.regex(/^a/), nameText.optional(), descriptionText.default('')].map(isPlainText),
  ).toEqual([true, true, true, true]);
  expect([messageText, messageText.optional(), z.string(), z.array(nameText)].map(isPlainText)).toEqual([
    false,
    false,
    false,
    false,
  ]);
});

test('markup in a name or description is refused with its place', () => {
  const parsed = parseArguments(createProjectTool, { name: 'Sales', description: '<script>' });
  expect(parsed.ok ? [] : parsed.refusal.details?.faults).toEqual([
    { at: 'description', message: expect.stringMatching(/^holds an HTML tag/) as string },
  ]);
  expect(parseArguments(createProjectTool, { name: 'x {{y}}' }).ok).toBe(false);
  expect(parseArguments(createProjectTool, { name: 'R&D: Q3/Q4 "<5 %" #2' }).ok).toBe(true);
  expect(parseArguments(createProjectTool, { name: '📈 Прогноз' }).ok).toBe(true);
  expect(parseArguments(createProjectTool, { name: '`x`' }).ok).toBe(false);
});

test('code and what a commit says of it hold whatever a language is written with', () => {
  const text = '<script>alert("{{x}}")</script> && select * from t where a < 3; -- javascript:x onclick=1';
  const given = {
    project: 'p',
    path: 'a.html',
    old_text: text,
    new_text: `${text}\0\u202e`,
    message: `Fix ${text}`,
  };
  expect(parseArguments(editFile, given).ok).toBe(true);
});

test('a form and a command judge a name as tools do', () => {
  expect(parseName(' Nightly \n job ')).toEqual({ ok: true, name: 'Nightly job' });
  expect(parseName('a\u200bb')).toMatchObject({ problem: expect.stringContaining('U+200B') as string });
  expect(parseName('<script>')).toMatchObject({ problem: expect.stringContaining('HTML tag') as string });
  expect(parseName('')).toMatchObject({ ok: false });
});
