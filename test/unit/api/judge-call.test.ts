import { expect, test } from 'vitest';
import { judgeCall, MARK } from '../../../worker/api/judge-call.ts';

const OWN = 'https://causeway.example';

test('the mark is a header that no form can send', () => {
  expect(MARK).toBe('x-causeway-request');
});

test.each([
  ['a program that marks it', false, null, null, '1', null],
  ['a page of ours that marks it', false, OWN, 'same-origin', '1', null],
  ['a program that forgets the mark', false, null, null, null, 'unmarked'],
  ['a program whose mark is another', false, null, null, 'true', 'unmarked'],
  ['a page of ours that forgets the mark', false, OWN, 'same-origin', null, 'unmarked'],
  ['a form of another site', false, 'https://evil.example', 'cross-site', null, 'foreign_site'],
  [
    'another site that got the mark through',
    false,
    'https://evil.example',
    'cross-site',
    '1',
    'foreign_site',
  ],
  ['a sibling of our host', false, 'https://x.causeway.example', 'same-site', '1', 'foreign_site'],
  [
    'another site, in a browser without Fetch Metadata',
    false,
    'https://evil.example',
    null,
    '1',
    'foreign_origin',
  ],
  ['a sandboxed frame', false, 'null', null, '1', 'foreign_origin'],
  ['our host by plain http', false, 'http://causeway.example', null, '1', 'foreign_origin'],
  ['an address typed by hand', false, null, 'none', '1', 'foreign_site'],
  ['an address typed by hand, which reads', true, null, 'none', null, null],
  ['a program that reads', true, null, null, null, null],
  ['a page of ours that reads', true, null, 'same-origin', null, null],
  ['an image of another site', true, null, 'cross-site', null, 'foreign_site'],
  ['a script of a sibling of our host', true, null, 'same-site', null, 'foreign_site'],
  ['a page of another site that reads', true, 'https://evil.example', null, null, 'foreign_origin'],
] as const)('a call by %s', (_what, isSafe, origin, site, mark, verdict) => {
  expect(judgeCall(OWN, { isSafe, origin, site, mark })).toBe(verdict);
});
