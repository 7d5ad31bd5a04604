import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { refusedBySystem } from '../../../cli/terminal/refused-by-system.ts';
import { makeFolder } from '../../../infra/sandbox-image/store/make-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'causeway-refused-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, 'notes.txt');
writeFileSync(file, 'a file');

function thrownBy(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was refused');
}

function system(code: string, syscall: string, path?: string): Error {
  return Object.assign(new Error(`${code}: ${syscall}`), { code, syscall, path });
}

describe('what the file system refuses is told as a failure, with what to do', () => {
  test.each([
    [
      'a folder below a file',
      thrownBy(() => mkdirSync(join(file, 'state'))),
      /^a part of the path is a file/,
    ],
    [
      'a folder below /proc',
      thrownBy(() => makeFolder('/proc/causeway/state')),
      /^no folder can be made there/,
    ],
    ['a folder where a file is', thrownBy(() => makeFolder(file)), /^a file is there already/],
    ['a folder as a file', thrownBy(() => readFileSync(folder)), /^it is a folder/],
    ['a read-only file system', system('EROFS', 'open', '/mnt/state'), /^the file system is read-only/],
    ['a folder where none can be', system('ENOENT', 'mkdir', '/mnt/state'), /^no folder can be made there/],
    ['a full disk', system('ENOSPC', 'write'), /^the disk is full/],
    ['somebody else’s file', system('EACCES', 'open', '/root/secrets.json'), /^this user has no right to it/],
  ])('%s', (_what, thrown, why) => {
    expect(refusedBySystem(thrown)).toMatchObject({ why: expect.stringMatching(why) });
  });

  test.each([
    ['a file of ours that is absent', thrownBy(() => readFileSync(join(folder, 'absent.sql')))],
    ['an error of a program', new TypeError('x is not a function')],
    ['what is no error', 'EROFS'],
  ])('%s stays a bug, with its stack', (_what, thrown) => {
    expect(refusedBySystem(thrown)).toBeNull();
  });
});
