import { expect, test } from 'vitest';
import { rowsNotice } from '../../../worker/mcp/resources/row-window.ts';

const URI = 'data://prj_1/sales?offset=20';
const WHOLE = { skipped: 0, shown: 3, total: 3, columns: 2, columnCount: 2 };

test.each([
  ['all of a table', WHOLE, undefined],
  ['an empty table', { ...WHOLE, shown: 0, total: 0 }, undefined],
  ['its end', { ...WHOLE, skipped: 20, total: 23 }, undefined],
  [
    'its middle',
    { ...WHOLE, skipped: 20, total: 24 },
    'These are rows 21 to 23 of 24. The next ones are at data://prj_1/sales?offset=23',
  ],
  ['what lies behind it', { ...WHOLE, skipped: 20, shown: 0 }, 'There are 3 rows, all before this offset.'],
  [
    'some of its columns',
    { ...WHOLE, columns: 200, columnCount: 300 },
    'These are the first 200 of 300 columns.',
  ],
])('a page that shows %s is told as such', (_what, window, notice) => {
  expect(rowsNotice(window, URI).notice).toBe(notice);
});
