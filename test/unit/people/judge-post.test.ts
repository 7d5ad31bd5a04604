import { expect, test } from 'vitest';
import { judgePost } from '../../../worker/people/judge-post.ts';

const OWN = 'https://causeway.example';

test.each([
  ['a page of ours', OWN, 'same-origin', null],
  ['a page of ours, in a browser without Fetch Metadata', OWN, null, null],
  ['a program that is no browser', null, null, null],
  ['a page of another site', 'https://evil.example', 'cross-site', 'foreign_site'],
  ['a sibling of our host', 'https://evil.causeway.example', 'same-site', 'foreign_site'],
  ['an address typed by hand, which sends no form', null, 'none', 'foreign_site'],
  ['another site, in a browser without Fetch Metadata', 'https://evil.example', null, 'foreign_origin'],
  ['a sandboxed frame', 'null', null, 'foreign_origin'],
  ['our host by plain http', 'http://causeway.example', null, 'foreign_origin'],
  ['our host on another port', 'https://causeway.example:8443', null, 'foreign_origin'],
  ['our host with something behind', 'https://causeway.example.evil.example', null, 'foreign_origin'],
  ['another value of Fetch Metadata', OWN, 'same-origin, cross-site', 'foreign_site'],
] as const)('a form from %s', (_what, origin, site, verdict) => {
  expect(judgePost(OWN, { origin, site })).toBe(verdict);
});
