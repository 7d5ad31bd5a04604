import { describe, expect, test } from 'vitest';
import { resourceTopic } from '../../../worker/mcp/listen/resource-topic.ts';

describe('the URI of a resource stands for', () => {
  test.each<[string, ReturnType<typeof resourceTopic>]>([
    ['project://prj_1/models/a.py', { kind: 'project', project: 'prj_1', path: 'models/a.py' }],
    ['project://My%20Sales/a%20b.md', { kind: 'project', project: 'My Sales', path: 'a b.md' }],
    ['project://prj_1', { kind: 'project', project: 'prj_1', path: null }],
    ['project://prj_1/', { kind: 'project', project: 'prj_1', path: null }],
    ['project://prj_1/a.py?ref=abcdef0', { kind: 'fixed' }],
    ['data://prj_1/sales', { kind: 'data', project: 'prj_1', source: 'sales' }],
    ['data://prj_1', { kind: 'data', project: 'prj_1', source: null }],
    ['run://run_1/stdout', { kind: 'run', run: 'run_1' }],
    ['run://run_1/outputs/a.csv', { kind: 'run', run: 'run_1' }],
    ['run://run_1', { kind: 'run', run: 'run_1' }],
    ['skill://models', null],
    ['https://example.org/', null],
    ['project://', null],
    ['project://%zz/a', null],
    ['PROJECT://prj_1/a', null],
    ['project://prj_1/a#b', null],
  ])('%s', (uri, topic) => {
    expect(resourceTopic(uri)).toEqual(topic);
  });
});
