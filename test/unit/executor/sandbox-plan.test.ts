import { describe, expect, test } from 'vitest';
import { coldSpec, orderFor, suitsWarm, WARM_SPEC, wishOf } from '../../../executor/sandbox-plan.ts';
import { limit } from '../../../protocol/limits.ts';
import { makeJob } from '../../support/make-job.ts';

const image = `sha256:${'0'.repeat(64)}` as const;
const OTHER = {
  seeds: { pythonhashseed: 1, omp_num_threads: 2, source_date_epoch: 3, seed: 4 },
  limits: {
    memory_bytes: 5,
    processes: 6,
    cpu_cores: 7,
    outputs_bytes: 8,
    outputs_inodes: 9,
    tmp_bytes: 10,
    tmp_inodes: 11,
  },
};

describe('a warm sandbox suits a run', () => {
  test.each([
    ['with the usual seeds', {}, {}, true],
    ['with another random seed', { seed: 9, source_date_epoch: 5 }, {}, true],
    ['with more memory', {}, { memory_bytes: 2 ** 31 }, true],
    ['with another hash seed', { pythonhashseed: 1 }, {}, false],
    ['with more threads', { omp_num_threads: 2 }, {}, false],
    ['with more processes', {}, { processes: 300 }, false],
  ])('%s: %o %o', (_, seeds, limits, expected) => {
    expect(suitsWarm(makeJob({ code: '', image, seeds, limits }).manifest)).toBe(expected);
  });
});

test('a warm sandbox has the limits of a run that names none, and imports ahead what takes long', () => {
  const { manifest } = makeJob({ code: '', image });
  expect(WARM_SPEC).toEqual({
    ...coldSpec(manifest),
    imports: ['numpy', 'pandas', 'causeway'],
    priority: 'background',
  });
  expect(WARM_SPEC.limits.processesMax).toBe(limit('run_processes'));
  expect(WARM_SPEC.environment).toEqual({ PYTHONHASHSEED: '0', OMP_NUM_THREADS: '1' });
});

test('a cold sandbox has the limits and seeds of its run, and imports nothing', () => {
  expect(coldSpec(makeJob({ code: '', image, ...OTHER }).manifest)).toEqual({
    limits: {
      memoryBytes: 5,
      processesMax: 6,
      cpuCores: 7,
      outputsBytesMax: 8,
      outputsInodesMax: 9,
      tmpBytesMax: 10,
      tmpInodesMax: 11,
    },
    environment: { PYTHONHASHSEED: '1', OMP_NUM_THREADS: '2' },
    imports: [],
    priority: 'run',
  });
});

test('a sandbox is told what its run is: the entry, the seeds and what it may use', () => {
  expect(orderFor(makeJob({ code: '', entry: 'a/b.py', image, ...OTHER }).manifest)).toEqual({
    entry: 'a/b.py',
    environment: { SOURCE_DATE_EPOCH: '3', CAUSEWAY_SEED: '4' },
    seed: 4,
    memoryBytes: 5,
    processesMax: 6,
  });
});

describe('a run wants what is imported ahead', () => {
  test.each([
    ['where it imports it', 'import pandas as pd', true],
    ['where it imports from it, later and inside', 'def main():\n  from numpy  import pi', true],
    ['where it imports causeway', 'print(1)\nimport causeway\n', true],
    ['but not where it only speaks of it', 'print("import pandas")', false],
    ['but not where the name only begins so', 'import pandas_datareader', false],
    ['but not where it imports something else', 'import json', false],
  ])('%s', (_what, code, importsAhead) => {
    const { manifest, ...job } = makeJob({ code, image, files: { 'other.py': 'import numpy' } });
    const files = manifest.files.toReversed();
    expect(wishOf({ ...job, manifest: { ...manifest, files } })).toEqual({ suitsWarm: true, importsAhead });
  });

  test('but not where its source did not come with the job, or is not there', () => {
    const job = makeJob({ code: 'import pandas', image, seeds: OTHER.seeds });
    const nowhere = { ...job, manifest: { ...job.manifest, entry: 'nowhere.py' } };
    for (const each of [{ ...job, inline: {} }, nowhere])
      expect(wishOf(each)).toEqual({ suitsWarm: false, importsAhead: false });
  });
});
