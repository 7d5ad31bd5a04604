import { describe, expect, test } from 'vitest';
import { asNotification, eventsFor } from '../../../worker/mcp/listen/events.ts';
import type { ListenFilter } from '../../../worker/mcp/listen/listen-filter.ts';
import { PendingChanges, type Told } from '../../../worker/tenants/changes/pending-changes.ts';

const PROJECT = 'prj_1';
const HIDDEN = 'prj_2';
const EVERYTHING: ListenFilter = {
  toolsListChanged: true,
  promptsListChanged: true,
  resourcesListChanged: true,
  resourceSubscriptions: [
    `project://${PROJECT}/a.py`,
    'data://sales/q1',
    'run://run_1/stdout',
    'run://run_2/stdout',
    'skill://x',
  ],
};

/** What somebody who may see `prj_1`, named Sales, and `run_1` is told of these changes. */
function told(changes: readonly Told[], filter = EVERYTHING, isOther = false): string[] {
  const pending = new PendingChanges();
  for (const change of changes) pending.add(change);
  const visible = { projects: new Map([[PROJECT, 'Sales']]), runs: new Set(['run_1']) };
  return eventsFor(filter, { batch: pending.take(), visible, isOther }).map((event) =>
    event.kind === 'resource_updated' ? event.uri : event.kind,
  );
}

describe('a subscriber is told', () => {
  const file = { kind: 'files', project: PROJECT, paths: ['a.py'], listed: false } as const;
  test.each<[string, readonly Told[], readonly string[]]>([
    ['nothing where nothing changed', [], []],
    ['of a file that it watches', [file], [`project://${PROJECT}/a.py`]],
    ['nothing of its neighbour', [{ ...file, paths: ['b.py'] }], []],
    ['of a list that got longer', [{ ...file, paths: ['b.py'], listed: true }], ['resources_list_changed']],
    ['once of what changed twice', [file, file], [`project://${PROJECT}/a.py`]],
    [
      'of a project that was archived, as of each of its files',
      [{ kind: 'project', project: PROJECT }],
      ['resources_list_changed', `project://${PROJECT}/a.py`],
    ],
    [
      "of data, by the project's name in any case",
      [{ kind: 'data', project: PROJECT, source: 'q1' }],
      ['resources_list_changed', 'data://sales/q1'],
    ],
    ['of a run', [{ kind: 'run', run: 'run_1' }], ['resources_list_changed', 'run://run_1/stdout']],
    [
      'nothing of what it may not see',
      [
        { ...file, project: HIDDEN, listed: true },
        { kind: 'project', project: HIDDEN },
        { kind: 'data', project: HIDDEN, source: 'q1' },
        { kind: 'run', run: 'run_2' },
      ],
      [],
    ],
  ])('%s', (_what, changes, events) => {
    expect(told(changes)).toEqual(events);
  });

  test('nothing that it did not ask for', () => {
    expect(told([file, { kind: 'run', run: 'run_1' }, { kind: 'project', project: PROJECT }], {})).toEqual(
      [],
    );
  });

  test('that every list may be another when its rights are', () => {
    expect(told([], EVERYTHING, true)).toEqual([
      'tools_list_changed',
      'prompts_list_changed',
      'resources_list_changed',
    ]);
  });

  test('that anything may have changed when changes were missed, or were more than are kept', () => {
    const anything = [
      'tools_list_changed',
      'prompts_list_changed',
      'resources_list_changed',
      `project://${PROJECT}/a.py`,
      'data://sales/q1',
      'run://run_1/stdout',
      'run://run_2/stdout',
    ];
    const flood = Array.from({ length: 1_001 }, (_, n): Told => ({ kind: 'run', run: `run_${n + 10}` }));
    expect(told(flood)).toEqual(anything);
    const pending = new PendingChanges();
    pending.add(file);
    pending.missed();
    expect(pending.take()).toMatchObject({ anything: true, files: new Map() });
    expect(pending.isEmpty).toBe(true);
  });

  test('in the words of the protocol', () => {
    expect(asNotification({ kind: 'tools_list_changed' })).toEqual({
      method: 'notifications/tools/list_changed',
    });
    expect(asNotification({ kind: 'resource_updated', uri: 'run://r' })).toEqual({
      method: 'notifications/resources/updated',
      params: { uri: 'run://r' },
    });
  });
});
