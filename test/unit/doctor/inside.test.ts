import { describe, expect, test } from 'vitest';
import { diagnose, diagnoseInside } from '../../../cli/doctor/diagnose.ts';
import type { Inside } from '../../../cli/doctor/seen.ts';
import { observed, unreachable } from './well.ts';

const failedIn = (findings: ReturnType<typeof diagnose>) =>
  findings.filter(({ state }) => state === 'failed').map(({ id }) => id);

describe('what this machine knows of a stack beside its address:', () => {
  const database = { findings: [], blobs: { waiting: 0, damaged: [] } };
  const well: Inside = { launcher: [], executor: [], database };
  const damaged = Array.from({ length: 7 }, (_, index) => ({
    tenant: 'ten_1',
    sha256: `${index}`.repeat(64),
  }));

  test.each<[string, Partial<Inside>, readonly string[]]>([
    ['nothing is wrong', {}, []],
    [
      'the launcher refuses its secrets',
      { launcher: ['SEAL_KEY is an example: draw another'] },
      ['launcher'],
    ],
    ['the executor refuses its key', { executor: ['key.json can be read by others: chmod'] }, ['executor']],
    [
      'the database has no forced row security',
      { database: { ...database, findings: ['Table x'] } },
      ['database'],
    ],
    ['blobs are damaged', { database: { ...database, blobs: { waiting: 0, damaged } } }, ['blobs']],
    ['blobs wait', { database: { ...database, blobs: { waiting: 12, damaged: [] } } }, []],
    ['there is no executor and no database', { executor: null, database: null }, []],
  ])('%s', (_what, changes, failed) => {
    const inside = { ...well, ...changes };
    expect(failedIn(diagnoseInside(inside))).toEqual(failed);
    expect(failedIn(diagnose(observed({}, { inside })))).toEqual(failed);
    expect(failedIn(diagnose({ ...unreachable('x'), inside }))).toEqual([...failed, 'reachable']);
  });

  test('every finding is said, and so is how many blobs wait and which are damaged', () => {
    const findings = ['one: mend it', 'another: mend it'];
    const blobs = { waiting: 12, damaged };
    const saw = (id: string, inside: Inside) => diagnoseInside(inside).find((check) => check.id === id)?.saw;
    for (const each of findings) {
      expect(saw('launcher', { ...well, launcher: findings })).toContain(`- ${each}`);
      expect(saw('executor', { ...well, executor: findings })).toContain(`- ${each}`);
      expect(saw('database', { ...well, database: { ...database, findings } })).toContain(`- ${each}`);
    }
    expect(saw('blobs', { ...well, database: { ...database, blobs } })).toMatch(
      /^7 are damaged:\n {6}- ten_1\/0{64}\n(?:.*\n){4} {6}- \.\.\.$/,
    );
    const unseen = diagnoseInside({ ...well, database: { findings, blobs: null } });
    expect(unseen.find(({ id }) => id === 'blobs')).toMatchObject({ state: 'skipped' });
    expect(saw('blobs', { ...well, database: { ...database, blobs: { waiting: 12, damaged: [] } } })).toMatch(
      /^12 wait: /,
    );
  });
});
