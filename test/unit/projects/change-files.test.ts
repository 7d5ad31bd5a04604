import { describe, expect, test } from 'vitest';
import {
  changedPaths,
  changeFiles,
  type FileChange,
  type FileEntry,
} from '../../../worker/projects/change-files.ts';
import type { ProjectPath } from '../../../worker/projects/parse-path.ts';

const entry = (blob: string): FileEntry => ({ blob, sha256: `${blob}-sha256`, bytes: 1 });
const put = (path: string, blob: string): FileChange => ({ path: path as ProjectPath, entry: entry(blob) });
const drop = (path: string): FileChange => ({ path: path as ProjectPath, entry: null });
const BASE = { 'a.py': entry('1'), 'lib/b.py': entry('2') };

describe("changes to a commit's files", () => {
  test('say what they did, and leave what is equal alone', () => {
    const changed = changeFiles(BASE, [put('a.py', '1'), put('lib/b.py', '3'), put('c.py', '4')], 10);
    expect(changed).toEqual({
      ok: true,
      files: { 'a.py': entry('1'), 'lib/b.py': entry('3'), 'c.py': entry('4') },
      changes: [
        { path: 'lib/b.py', kind: 'modified' },
        { path: 'c.py', kind: 'added' },
      ],
    });
  });

  test('delete a file, and its folder may then be a file', () => {
    const changed = changeFiles(BASE, [drop('lib/b.py'), put('lib', '5')], 10);
    expect(changed).toMatchObject({ ok: true, files: { lib: entry('5') } });
  });

  test.each([
    ['deleting what is not there', [drop('nope.py')], 'not_found'],
    ['deleting a name of Object.prototype', [drop('constructor')], 'not_found'],
    ['a file where a folder is', [put('lib', '5')], 'invalid_path'],
    ['a folder where a file is', [put('a.py/x', '5')], 'invalid_path'],
    ['more files than a project holds', [put('x', '5'), put('y', '6')], 'too_many_files'],
  ])('refuse %s', (_what, changes, code) => {
    expect(changeFiles(BASE, changes, 3)).toMatchObject({ ok: false, code });
  });

  test('keep a file named __proto__ a file', () => {
    const changed = changeFiles(BASE, [put('__proto__', '9')], 10);
    expect(changed.ok && Object.keys(changed.files)).toContain('__proto__');
    expect(changed.ok && Object.getPrototypeOf(changed.files)).toBe(Object.prototype);
  });
});

test('changed paths are those whose content differs, sorted', () => {
  expect(changedPaths(BASE, { 'a.py': entry('1'), 'z.py': entry('1'), 'lib/b.py': entry('7') })).toEqual([
    'lib/b.py',
    'z.py',
  ]);
});
