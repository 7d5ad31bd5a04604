import { describe, expect, it } from 'vitest';
import { placeFiles } from '../../../executor/fill-workspace.ts';
import { foldersUnder } from '../../../executor/sandbox/mounts.ts';
import { makeJob } from '../../support/make-job.ts';

const FOLDERS = foldersUnder('/state/one');
const job = (entry: string, data?: string) =>
  makeJob({
    code: '',
    entry,
    image: `sha256:${'0'.repeat(64)}`,
    data: data === undefined ? [] : [{ name: data, format: 'csv', sha256: '0'.repeat(64), bytes: 0 }],
  });

describe('where the files of a run are placed', () => {
  it('is below /repo and /data', () => {
    expect(placeFiles(FOLDERS, job('models/a.py', 'sales'))?.map(({ path }) => path)).toEqual([
      '/state/one/repo/models/a.py',
      '/state/one/data/sales/data.csv',
    ]);
  });

  it.each(['../evil.py', '/etc/cron.d/evil', 'a/../../evil', 'a//b', './a', 'a/.', '', 'a\0b', '..'])(
    'is nowhere for the path %j',
    (path) => {
      expect(placeFiles(FOLDERS, job(path))).toBeNull();
    },
  );

  it.each(['..', 'a/b', '/abs', '', '.'])('is nowhere for data named %j', (name) => {
    expect(placeFiles(FOLDERS, job('a.py', name))).toBeNull();
  });
});
