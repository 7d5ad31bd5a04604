import { describe, expect, it } from 'vitest';
import { describeFailure, judgePiece } from '../../../executor/probe.ts';
import type { EndFacts } from '../../../executor/sandbox/engine.ts';
import { chosenOf, selfTestJson, selfTestText } from '../../../executor/self-test.ts';

const FACTS: EndFacts = {
  hasBegun: true,
  exitCode: 0,
  reportedCause: null,
  stacks: '',
  oomKills: 0,
  forksRefused: 0,
  processesPeak: 0,
  enginePanic: null,
  outputsFull: null,
  tmpFull: null,
  cpuMs: null,
  memoryPeakBytes: null,
};
const line = (name: string, ok: boolean) => `${JSON.stringify({ name, ok, detail: '' })}\n`;

describe('a probe is believed only when it played to its end', () => {
  it('all checks held', () => {
    const text = line('DNS', true) + line('isolation complete', true);
    expect(judgePiece('isolation', { facts: FACTS, text, timedOut: false })).toEqual([
      { name: 'DNS', ok: true, detail: '' },
    ]);
  });

  it.each([
    ['it stopped half way', line('DNS', true), false, 'the probe ended early: 0'],
    ['it said nothing', '', false, 'the probe ended early: 0'],
    ['it did not end', line('DNS', true), true, 'the probe did not end in time'],
  ])('%s: that is a failure', (_, text, timedOut, detail) => {
    const checks = judgePiece('isolation', { facts: FACTS, text, timedOut });
    expect(checks.at(-1)).toEqual({ name: 'isolation', ok: false, detail });
  });

  it('what is no line of it is a failure', () => {
    const text = `${line('DNS', true)}Segmentation fault\n${line('isolation complete', true)}`;
    expect(judgePiece('isolation', { facts: FACTS, text, timedOut: false })).toContainEqual({
      name: 'isolation',
      ok: false,
      detail: 'Segmentation fault',
    });
  });

  it('memory is judged by the cgroup, not by what the program says', () => {
    const text = line('memory complete', true);
    expect(judgePiece('memory', { facts: FACTS, text, timedOut: false })).toEqual([
      { name: 'memory', ok: false, detail: 'a program went beyond 128 MiB of memory' },
    ]);
    expect(judgePiece('memory', { facts: { ...FACTS, oomKills: 1 }, text: '', timedOut: false })[0]?.ok).toBe(
      true,
    );
  });

  it('a memory probe that never ran says so, and does not claim that it got through', () => {
    expect(judgePiece('memory', { facts: FACTS, text: '', timedOut: true })).toEqual([
      { name: 'memory', ok: false, detail: 'the probe did not end in time' },
    ]);
    expect(judgePiece('memory', { facts: { ...FACTS, exitCode: 137 }, text: '', timedOut: false })).toEqual([
      { name: 'memory', ok: false, detail: 'the probe ended early: 137' },
    ]);
  });

  it('a failure is told with what got through and the remedy', () => {
    const report = {
      ok: false,
      tookMs: 5,
      checks: [
        { name: 'DNS', ok: false, detail: 'it succeeded' },
        { name: 'mount', ok: true, detail: 'EPERM' },
      ],
    };
    expect(describeFailure(report)).toMatch(
      /^This host does not isolate runs: DNS \(it succeeded\)\. Nothing is served\. Run the executor as root/,
    );
    const tested = [{ engine: 'gvisor' as const, version: '0', report, refusal: null }];
    expect(selfTestText(tested)).toContain('FAILED  DNS');
    expect(selfTestText(tested)).toMatch(
      /gvisor: 1 of 2 checks failed\.\n\nAn executor refuses to serve here\.$/,
    );
  });
});

describe('the self-test', () => {
  const sound = { ok: true, checks: [{ name: 'DNS', ok: true, detail: '' }], tookMs: 1 };
  const absent = {
    engine: 'gvisor',
    version: null,
    report: null,
    refusal: 'This host lacks mount.',
  } as const;
  const docker = { engine: 'docker-runsc', version: '20', report: sound, refusal: null } as const;
  const broken = {
    ...docker,
    engine: 'gvisor',
    report: { ...sound, ok: false, checks: [{ name: 'DNS', ok: false, detail: 'it succeeded' }] },
  } as const;

  it('names each engine, why it is absent, and the one that would serve', () => {
    expect(selfTestText([absent, docker])).toMatch(
      /^gvisor: not to be had\.\nThis host lacks mount\.\n\ndocker-runsc \(20\)\n[\s\S]*An executor serves here with docker-runsc\.$/,
    );
    expect(JSON.parse(selfTestJson([absent, docker]))).toMatchObject({
      ok: true,
      engine: 'docker-runsc',
      engines: [
        { engine: 'gvisor', ok: false, refusal: 'This host lacks mount.' },
        { engine: 'docker-runsc', ok: true, refusal: null, failed: [] },
      ],
    });
  });

  it('takes no weaker engine after one that is there and broken', () => {
    expect(chosenOf([broken, docker])).toBe(broken);
    expect(JSON.parse(selfTestJson([broken, docker]))).toMatchObject({ ok: false, engine: 'gvisor' });
  });
});
