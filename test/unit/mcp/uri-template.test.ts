import { describe, expect, test } from 'vitest';
import { expandUri, matchUri, parseTemplate, withParameter } from '../../../worker/mcp/uri-template.ts';

const FILE = 'project://{project}/{path}{?ref}';
const file = parseTemplate(FILE);
const run = parseTemplate('run://{run}');
const stdout = parseTemplate('run://{run}/stdout');
const output = parseTemplate('run://{run}/outputs/{name}');
const inside = parseTemplate('test://template/{id}/data');
const single = parseTemplate('skill://write-a-model/SKILL.md');

describe('a URI of a template gives its variables', () => {
  test.each([
    [file, 'project://prj_1/README.md', { project: 'prj_1', path: 'README.md' }],
    [file, 'project://prj_1/models/forecast.py', { project: 'prj_1', path: 'models/forecast.py' }],
    [file, 'project://prj_1/models%2Fforecast.py', { project: 'prj_1', path: 'models/forecast.py' }],
    [
      file,
      'project://Sales%202026/a.md?ref=0123abc',
      { project: 'Sales 2026', path: 'a.md', ref: '0123abc' },
    ],
    [file, 'project://p/a.md?ref=a%26b&offset=5', { project: 'p', path: 'a.md', ref: 'a&b', offset: '5' }],
    [file, 'project://p/a.md?', { project: 'p', path: 'a.md' }],
    [file, 'project://p/', { project: 'p', path: '' }],
    [file, 'project://p/../q', { project: 'p', path: '../q' }],
    [file, 'project://p/a.md?ref=x&ref=y', { project: 'p', path: 'a.md', ref: ['x', 'y'] }],
    [file, 'project://p/a.md?project=q', { project: ['p', 'q'], path: 'a.md' }],
    [file, 'project://p/a.md?__proto__=x', { project: 'p', path: 'a.md', ['__proto__']: 'x' }],
    [run, 'run://run_1', { run: 'run_1' }],
    [stdout, 'run://run_1/stdout', { run: 'run_1' }],
    [output, 'run://run_1/outputs/charts/a%20b.png', { run: 'run_1', name: 'charts/a b.png' }],
    [inside, 'test://template/7/data', { id: '7' }],
    [single, 'skill://write-a-model/SKILL.md', {}],
  ])('%#: %s', (template, uri, variables) => {
    expect(Object.entries(matchUri(template, uri) ?? {})).toEqual(Object.entries(variables));
  });
});

describe('any other text is no URI of it', () => {
  test.each([
    [file, ''],
    [file, 'project://p'],
    [file, 'project:p/a.md'],
    [file, 'projects://p/a.md'],
    [file, 'PROJECT://p/a.md'],
    [file, ' project://p/a.md'],
    [file, 'project://p/a.md#part'],
    [file, 'project://p/a.md?ref'],
    [file, 'project://p/%zz'],
    [file, 'project://p/%ff'],
    [file, `project://p/${'a'.repeat(5000)}`],
    [run, 'run://run_1/stdout'],
    [stdout, 'run://run_1/stdout/more'],
    [output, 'run://run_1/outputs'],
    [inside, 'test://template/7/other'],
    [inside, 'test://template/7/8/data'],
    [single, 'skill://write-a-model/OTHER.md'],
  ])('%#: %s', (template, uri) => {
    expect(matchUri(template, uri)).toBeNull();
  });
});

test('a URI that is made of variables gives them back', () => {
  const variables = { project: 'Sales & Co (2026)', path: 'models/ä b/100%.py' };
  const uri = expandUri(FILE, variables);
  expect(uri).toBe('project://Sales%20%26%20Co%20(2026)/models/%C3%A4%20b/100%25.py');
  expect(matchUri(file, uri)).toEqual(variables);
});

test.each([
  ['run://r/stdout', 'run://r/stdout?offset=20'],
  ['run://r/stdout?offset=10', 'run://r/stdout?offset=20'],
  ['project://p/a?ref=0123abc&offset=10', 'project://p/a?ref=0123abc&offset=20'],
])('the next window of %s is %s', (uri, next) => {
  expect(withParameter(uri, 'offset', 20)).toBe(next);
});

test('a template knows its variables, and what is none is a bug of ours', () => {
  expect([file, stdout, single].map(({ variables }) => variables)).toEqual([
    ['project', 'path'],
    ['run'],
    [],
  ]);
  expect(() => parseTemplate('no template')).toThrow('no template of a URI');
});

test('a URI is as long as may be', () => {
  const longest = `run://${'x'.repeat(4090)}`;
  expect(matchUri(run, longest)).toEqual({ run: 'x'.repeat(4090) });
  expect(matchUri(run, `${longest}x`)).toBeNull();
});

test('what is not said is left empty', () => {
  expect(expandUri('run://{run}/stdout', {})).toBe('run:///stdout');
  expect(withParameter('run://x', 'offset', 1)).toBe('run://x?offset=1');
});
