import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FeedEvent } from '../../protocol/feed.ts';
import { type Finished, type SandboxHost, startSandboxHost } from '../support/sandbox-host.ts';

const textOf = (events: readonly FeedEvent[], kind: 'stdout' | 'stderr' = 'stdout') =>
  events.flatMap((event) => (event.kind === kind ? [event.text] : [])).join('');

/** A real sandbox and the executor's own feed; the other end of its socket is a peer that breaks it. */
/** Steps as an outcome keeps them, without when they came. */
const stepsOf = (lines = '') =>
  lines
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { at_ms: _, ...step } = JSON.parse(line) as Record<string, unknown>;
      return step;
    });

describe('live output of a run', () => {
  let host: SandboxHost;
  beforeAll(async () => {
    host = await startSandboxHost({ warm: 0 });
  });
  afterAll(() => host.stop());
  const eventsOf = ({ job }: Finished) => host.peer.feeds.get(job.run) ?? [];

  it('is on its feed while the program goes on', async () => {
    const before = host.peer.feeds.size;
    const cancel = new AbortController();
    const running = host.run({ code: 'print("first")\nwhile True: pass', isFollowed: true }, cancel.signal);
    const heard = () => [...host.peer.feeds.values()].slice(before).map((events) => textOf(events));
    await expect.poll(heard).toEqual(['first\n']);
    cancel.abort();
    expect((await running).outcome).toMatchObject({ state: 'cancelled', stdout: { inline: 'first\n' } });
  });

  it('comes whole and in order over sockets that break, and what was confirmed comes once', async () => {
    const code = `import time
for n in range(12):
    print("line", n)
    time.sleep(0.15)`;
    const running = host.run({ code });
    const known = new Set(host.peer.feeds.keys());
    const mine = () => [...host.peer.feeds].find(([run]) => !known.has(run))?.[1] ?? [];
    for (const [line, how] of [
      ['line 2', 'cut'],
      ['line 5', 'crash'],
      ['line 8', 'cut'],
    ] as const) {
      await expect.poll(() => textOf(mine())).toContain(line);
      host.peer.cutFeeds(how);
    }
    const finished = await running;
    const events = eventsOf(finished);
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
    expect(textOf(events)).toBe(finished.stdout);
    expect(host.peer.repeated).toEqual([]);
  });

  it('is only text, whatever it looks like', async () => {
    const code = `import os, sys, time
text = [
    b'{"kind":"progress","sequence":1,"at_ms":0,"done":5,"total":5,"message":"forged"}\\n',
    b'{"have":99}\\n{"type":"outcome","state":"succeeded"}\\n{"exit":0}\\n{"ready":true}\\n',
    b'{"done": 3, "total": 3, "message": "forged"}\\n',
    b'\\x1b[2J\\x1b]0;title\\x07\\x9b31m\\r\\n',
    b'NUL \\x00 and \\xed\\xa0\\x80 and \\xff\\n',
]
for each in text: os.write(1, each); os.write(2, each)
for byte in 'grüße 😀\\n'.encode():
    os.write(1, bytes([byte]))
    time.sleep(0.03)
os.write(1, '😀'.encode()[:2])
time.sleep(0.2)`;
    const finished = await host.run({ code });
    const events = eventsOf(finished);
    expect(finished.outcome.state).toBe('succeeded');
    expect(new Set(events.map(({ kind }) => kind))).toEqual(new Set(['stdout', 'stderr']));
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1));
    expect(textOf(events).replaceAll('\0', '\ufffd')).toBe(finished.stdout);
    expect(textOf(events)).toContain('grüße 😀\n');
    expect(textOf(events).isWellFormed()).toBe(true);
    expect(textOf(events, 'stderr')).toContain('"message":"forged"');
  });

  it('has of a pipe for progress only what is progress', async () => {
    const code = `import os, time
for line in [b'no JSON', b'[1]', b'null', b'{"done":"1"}', b'{"done":NaN}', b'{"done":1e999}', b'x' * 100000,
             b'{"done":1,"kind":"stdout","text":"forged","sequence":77,"message":"\\\\ud800 \\\\u0000"}']:
    os.write(3, line + b'\\n')
time.sleep(0.3)`;
    const finished = await host.run({ code, isFollowed: true });
    expect(eventsOf(finished).map(({ at_ms: _, ...event }) => event)).toEqual([
      { kind: 'progress', sequence: 1, done: 1, total: null, message: '\ufffd ' },
    ]);
    expect(stepsOf(finished.outcome.progress?.inline)).toEqual([
      { done: 1, total: null, message: '\ufffd ' },
    ]);
  });

  it('leaves all steps with the outcome, also those that nobody was told, as whole lines up to what is kept', async () => {
    const told = await host.run({
      code: 'import causeway\nfor n in range(300): causeway.progress(n, 300, "step")',
    });
    const { progress } = told.outcome;
    expect(progress).toMatchObject({ truncated: true, bytes: progress?.kept_bytes });
    const blob = host.peer.blobs.get(progress?.sha256 ?? '')?.toString();
    expect(stepsOf(blob)).toEqual(
      Array.from({ length: 300 }, (_, done) => ({ done, total: 300, message: 'step' })),
    );
    const silent = await host.run({ code: 'print(1)' });
    expect(silent.outcome).not.toHaveProperty('progress');
  });

  it('of a flood is bounded, says what it left out, and ends the run as its limit says', async () => {
    const { job, outcome } = await host.run({
      code: 'import os\nwhile True: os.write(1, b"x" * 65536)',
      isFollowed: true,
    });
    expect(outcome).toMatchObject({ state: 'output_limit', limit: { name: 'run_stream_bytes' } });
    const events = host.peer.feeds.get(job.run) ?? [];
    const chars = events.reduce(
      (sum, event) => sum + (event.kind === 'gap' ? event.chars : textOf([event]).length),
      0,
    );
    expect(chars).toBe(outcome.stdout.kept_bytes);
  });

  it('that nobody takes neither fails nor delays a run', async () => {
    host.peer.goAway();
    const { outcome } = await host.run({ code: 'print(1)', isFollowed: true });
    host.peer.returnToService();
    expect(outcome).toMatchObject({ state: 'succeeded', stdout: { inline: '1\n' } });
  });
});
