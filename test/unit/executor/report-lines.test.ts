import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readProgress } from '../../../executor/read-progress.ts';
import { lineSplitter, readReportLine } from '../../../executor/sandbox/report-lines.ts';

describe('lines of a pipe that the program can write as well', () => {
  it.each([
    ['{"imported": true}', { kind: 'imported' }],
    ['{"ready": true}', { kind: 'ready' }],
    ['{"begun": true}', { kind: 'begun' }],
    ['{"begun": false}', { kind: 'other', text: '{"begun": false}' }],
    ['{"exit": 3, "cause": null}', { kind: 'exit', exitCode: 3, cause: null }],
    ['{"exit": 1, "cause": "memory_error"}', { kind: 'exit', exitCode: 1, cause: 'memory_error' }],
    ['{"exit": 1, "cause": "try_again"}', { kind: 'exit', exitCode: 1, cause: 'try_again' }],
    ['{"exit": 1, "cause": "innocent"}', { kind: 'exit', exitCode: 1, cause: null }],
    ['{"exit": 256}', { kind: 'other', text: '{"exit": 256}' }],
    ['{"exit": -1}', { kind: 'other', text: '{"exit": -1}' }],
    ['{"exit": 1e9}', { kind: 'other', text: '{"exit": 1e9}' }],
    ['{"exit": "0"}', { kind: 'other', text: '{"exit": "0"}' }],
    ['{"exit": 0.5}', { kind: 'other', text: '{"exit": 0.5}' }],
    ['{"exit": null}', { kind: 'other', text: '{"exit": null}' }],
    ['null', { kind: 'other', text: 'null' }],
    ['[', { kind: 'other', text: '[' }],
    ['', { kind: 'other', text: '' }],
  ])('%s', (line, expected) => {
    expect(readReportLine(line)).toEqual(expected);
  });

  it('are the same however the bytes arrive', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme' })),
        fc.integer({ min: 1, max: 7 }),
        (lines, size) => {
          const clean = lines.map((line) => line.replaceAll('\n', ''));
          const bytes = Buffer.from(clean.map((line) => `${line}\n`).join(''));
          const read: string[] = [];
          const split = lineSplitter(1000, (line) => read.push(line));
          for (let at = 0; at < bytes.length; at += size) split(bytes.subarray(at, at + size));
          expect(read).toEqual(clean);
        },
      ),
    );
  });

  it('are held in bounded memory when no line ends', () => {
    const read: string[] = [];
    const split = lineSplitter(10, (line) => read.push(line));
    for (let index = 0; index < 1000; index++) split(Buffer.from('x'.repeat(1000)));
    split(Buffer.from('\nnext\n'));
    expect(read).toEqual(['x'.repeat(10), 'next']);
  });

  it.each([
    ['{"done": 3, "total": 10, "message": "half"}', { done: 3, total: 10, message: 'half' }],
    ['{"done": 3}', { done: 3, total: null, message: '' }],
    ['{"done": 1, "message": 7, "total": "x"}', { done: 1, total: null, message: '' }],
    ['{"done": 1e999}', null],
    ['{"done": "3"}', null],
    ['{"total": 3}', null],
    ['null', null],
    ['not json', null],
  ])('progress %s', (line, expected) => {
    expect(readProgress(line)).toEqual(expected);
  });

  it('a message of progress is bounded and has no NUL', () => {
    const line = JSON.stringify({ done: 1, message: `\0${'m'.repeat(5000)}` });
    expect(readProgress(line)?.message).toBe('m'.repeat(500));
  });
});
