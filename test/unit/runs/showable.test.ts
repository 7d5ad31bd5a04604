import { expect, test } from 'vitest';
import { showable } from '../../../worker/runs/output/showable.ts';

test.each([
  ['an escape that clears the screen', '\u001b[2Jgone', '\ufffd[2Jgone'],
  ['an escape that sets the title', '\u001b]0;owned\u0007', '\ufffd]0;owned\ufffd'],
  ['an escape of one character (C1)', '\u009b2J', '\ufffd2J'],
  ['backspaces that overwrite', 'safe\b\b\b\bevil', 'safe\ufffd\ufffd\ufffd\ufffdevil'],
  ['a bell, a form feed, a DEL, a NUL', '\u0007\u000c\u007f\u0000', '\ufffd\ufffd\ufffd\ufffd'],
  ['an override of direction', 'invoice\u202efdp.exe', 'invoice\ufffdfdp.exe'],
  ['isolates', '\u2066a\u2069', '\ufffda\ufffd'],
])('%s does nothing to whoever reads it', (_what, text, shown) => expect(showable(text)).toBe(shown));

test.each([
  ['lines and tabs', 'a\tb\r\nc\n'],
  ['languages that are written from the right', 'שלום\u200f مرحبا'],
  ['joined emoji', '👩‍💻 ok'],
  ['box drawing', '┌─┐'],
])('%s are shown as they are', (_what, text) => expect(showable(text)).toBe(text));
