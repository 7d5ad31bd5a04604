import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { utf8 } from '../../../worker/blobs/sha256.ts';
import { blobObject, commitObject, treeObjects } from '../../../worker/projects/git-objects.ts';

// Names whose order differs between strings and git's bytes, folders beside files with a common prefix, and text of
// other scripts.
const FILES: Record<string, string> = {
  'README.md': '# Forecast\n',
  'a.py': 'print(1)\n',
  'a/b.py': '',
  'a-b/c.py': 'x = "ä"\n',
  a0: 'no line end',
  'models/forecast.py': 'import pandas as pd\n',
  'models/deep/er/still.py': 'pass\r\n',
  'Ünïcode/日本.txt': '日本\n',
  '\u{1f4c8}.txt': 'chart',
  '\uffee.txt': 'sorts after the chart in UTF-16, before it in UTF-8',
};

let folder: string;

function git(...args: string[]): string {
  const environment = { PATH: process.env.PATH, HOME: folder, GIT_CONFIG_NOSYSTEM: '1' };
  return execFileSync('git', ['-c', 'core.quotepath=off', ...args], {
    cwd: folder,
    env: environment,
    encoding: 'utf8',
  });
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-git-'));
  git('init', '--quiet', '--initial-branch=main');
  for (const [path, content] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  git('add', '--all');
});

afterAll(() => rmSync(folder, { recursive: true }));

async function ourTree(): Promise<string> {
  const blobs = new Map<string, string>();
  for (const [path, content] of Object.entries(FILES)) blobs.set(path, (await blobObject(utf8(content))).id);
  return (await treeObjects(blobs)).at(-1)?.id ?? '';
}

describe('ids are the ones that the git program computes', () => {
  test.each(Object.entries(FILES))('blob %s', async (path, content) => {
    expect((await blobObject(utf8(content))).id).toBe(git('hash-object', path).trim());
  });

  test("trees, with git's own order of names", async () => {
    expect(await ourTree()).toBe(git('write-tree').trim());
  });

  test('the empty tree', async () => {
    const [empty] = await treeObjects(new Map());
    expect(empty?.id).toBe('4b825dc642cb6eb9a060e54bf8d69288fbee4904');
  });

  test.each([
    { name: 'Ada Lovelace', email: 'ada@example.org', message: 'Add a forecast\n' },
    {
      name: 'Ünïcode <script>',
      email: 'a>b<c@example.org',
      message: 'Two lines\n\nand a body without a line end',
    },
    { name: ' ', email: '', message: 'Nobody\n' },
  ])('a commit by "$name"', async ({ name, email, message }) => {
    const tree = git('write-tree').trim();
    const first = await commitObject({
      tree,
      parent: null,
      authorName: name,
      authorEmail: email,
      authoredAt: 1_790_000_000,
      message,
    });
    const second = await commitObject({
      tree,
      parent: first.id,
      authorName: name,
      authorEmail: email,
      authoredAt: 1_790_000_001,
      message,
    });
    for (const object of [first, second]) {
      writeFileSync(join(folder, '.git', 'object'), object.content);
      // hash-object without --literally checks the commit's form as fsck does.
      expect(git('hash-object', '-t', 'commit', '-w', '.git/object').trim()).toBe(object.id);
    }
    expect(git('rev-list', '--count', second.id).trim()).toBe('2');
    git('fsck', '--strict', second.id);
  });
});
