import { describe, expect, test } from 'vitest';
import { mediaType, requireContentType } from '../../../worker/input/content-type.ts';

const said = (type: string | null) =>
  new Request('https://a.example/', {
    method: 'POST',
    headers: type === null ? {} : { 'content-type': type },
  });

test.each<[string | null, string]>([
  ['application/json', 'application/json'],
  ['Application/JSON ; charset=utf-8', 'application/json'],
  [' text/csv;a=b;c=d', 'text/csv'],
  ['', ''],
  [null, ''],
])('the media type of %j is %j', (type, expected) => {
  expect(mediaType(said(type).headers)).toBe(expected);
});

describe('a body', () => {
  test('of an allowed type passes, and one that says none where it need not', () => {
    expect(() => requireContentType(said('text/csv'), ['application/json', 'text/csv'])).not.toThrow();
    expect(() => requireContentType(said(null), ['application/json', ''])).not.toThrow();
  });

  test('of another type is refused with those that are taken', () => {
    expect(() => requireContentType(said('text/html'), ['application/json', 'text/csv', ''])).toThrow(
      expect.objectContaining({
        code: 'unsupported_content_type',
        message: 'This address takes application/json, text/csv.',
        hint: 'Send content-type: application/json.',
        details: { allowed: ['application/json', 'text/csv'] },
      }),
    );
  });

  test('that says none is told so', () => {
    expect(() => requireContentType(said(null), ['application/json'])).toThrow(
      expect.objectContaining({
        message: 'This address takes application/json, and the request names no content type.',
      }),
    );
  });
});
