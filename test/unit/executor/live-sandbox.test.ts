import { mkdirSync, openSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { CgroupGroup } from '../../../executor/sandbox/cgroup-group.ts';
import type { ContainerExit } from '../../../executor/sandbox/driver.ts';
import { liveSandbox } from '../../../executor/sandbox/live-sandbox.ts';
import { openPipes } from '../../../executor/sandbox/pipes.ts';
import { coldSpec } from '../../../executor/sandbox-plan.ts';
import { makeJob } from '../../support/make-job.ts';

/** Nothing runs in it: what is told of a sandbox here comes by its pipes and its container alone. */
const EMPTY_GROUP: CgroupGroup = {
  dirs: [],
  setLimits() {},
  setPriority() {},
  freeze: async () => true,
  kill() {},
  processes: () => [],
  facts: () => ({
    tasks: 1,
    cpuMs: 0,
    oomKills: 0,
    metMemoryLimit: false,
    forksRefused: 0,
    memoryPeakBytes: 0,
  }),
  remove() {},
};

/** A sandbox with real pipes, whose harness and container are played. */
async function startPlayed() {
  const dir = await mkdtemp(join(tmpdir(), 'causeway-live-'));
  const [repo, data, inputs, outputs, tmp] = ['repo', 'data', 'inputs', 'outputs', 'tmp'].map((name) =>
    join(dir, name),
  ) as [string, string, string, string, string];
  const folders = { repo, data, inputs, outputs, tmp };
  for (const folder of Object.values(folders)) mkdirSync(folder);
  const pipes = await openPipes(dir, folders, true);
  const reportFd = openSync(join(tmp, '.report'), 'w');
  const exited = Promise.withResolvers<ContainerExit>();
  const { sandbox, ready } = liveSandbox({
    id: 'played',
    dir,
    folders,
    pipes,
    group: EMPTY_GROUP,
    spec: coldSpec(makeJob({ code: '', image: 'sha256:0' }).manifest),
    countsProcessesInside: true,
    container: {
      exited: exited.promise,
      panic: async () => '',
      words: async () => '',
      signal: async () => undefined,
      kill() {},
      forget: async () => undefined,
    },
  });
  onTestFinished(async () => {
    await sandbox.destroy();
    await rm(dir, { recursive: true, force: true });
  });
  const says = (line: string) => writeSync(reportFd, `${line}\n`);
  says('{"ready":true}');
  expect(await ready(10_000)).toBe(null);
  return { sandbox, says, exits: exited.resolve };
}

const OUT_OF_THREADS = '{"exit":1,"cause":"process_error"}';

test('what a program said of its end counts also where the death of its container is heard first', async () => {
  const { sandbox, says, exits } = await startPlayed();
  says(OUT_OF_THREADS);
  // Promises are looked at before pipes are.
  exits({ exitCode: 1, isOomKill: false });
  expect(await sandbox.ended).toMatchObject({ exitCode: 1, reportedCause: 'process_error' });
});

test('the first word of a program on its end counts, whatever it and its container say after it', async () => {
  const { sandbox, says, exits } = await startPlayed();
  says(OUT_OF_THREADS);
  says('{"exit":0,"cause":null}');
  exits({ exitCode: 137, isOomKill: false });
  expect(await sandbox.ended).toMatchObject({ exitCode: 1, reportedCause: 'process_error' });
});

test('a container that dies without a word of its program tells its own exit code', async () => {
  const { sandbox, exits } = await startPlayed();
  exits({ exitCode: 139, isOomKill: false });
  expect(await sandbox.ended).toMatchObject({ exitCode: 139, reportedCause: null });
});

test.each([
  ['that died before it', [], false],
  ['that said so', ['{"begun":true}'], true],
  ['that said how it ended', ['{"exit":137,"cause":null}'], true],
])(
  'whether the first line of a program may have run is known of a sandbox %s',
  async (_, words, hasBegun) => {
    const { sandbox, says, exits } = await startPlayed();
    for (const word of words) says(word);
    exits({ exitCode: 137, isOomKill: false });
    expect(await sandbox.ended).toMatchObject({ exitCode: 137, hasBegun });
  },
);
