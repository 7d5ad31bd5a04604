import { describe, expect, it } from 'vitest';
import { decideOutcome, type EndOfRun, neverBegan } from '../../../executor/outcome.ts';
import type { EndFacts } from '../../../executor/sandbox/engine.ts';
import { DEFAULT_RUN_LIMITS } from '../../support/make-job.ts';

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
  cpuMs: 12,
  memoryPeakBytes: 1,
};
const END: EndOfRun = {
  stop: null,
  facts: FACTS,
  limits: { ...DEFAULT_RUN_LIMITS, wall_ms: 300_000 },
  entry: 'forecast.py',
  error: null,
  stoodAt: null,
  ranMs: 3200,
  harvestLimit: null,
  isCut: false,
};
const MIB = 1024 * 1024;
const error = { type: 'ValueError', message: 'no rows\nat all', path: 'forecast.py', line: 12 };
const facts = (given: Partial<EndFacts>): Partial<EndOfRun> => ({ facts: { ...FACTS, ...given } });

describe('how a run ended is decided from what was seen of it from outside', () => {
  it.each<[string, Partial<EndOfRun>, ReturnType<typeof decideOutcome>]>([
    [
      'it ended by itself',
      {},
      { state: 'succeeded', exit_code: 0, limit: null, error: null, message: 'Finished in 3.2 s.' },
    ],
    [
      'an exception',
      { ...facts({ exitCode: 1 }), error },
      {
        state: 'failed',
        exit_code: 1,
        limit: null,
        error,
        message: 'ValueError at line 12 of forecast.py: `no rows`',
      },
    ],
    [
      'an exit code without a traceback',
      facts({ exitCode: 3 }),
      {
        state: 'failed',
        exit_code: 3,
        limit: null,
        error: null,
        message: 'forecast.py ended with exit code 3.',
      },
    ],
    [
      'a signal',
      facts({ exitCode: 139 }),
      {
        state: 'failed',
        exit_code: 139,
        limit: null,
        error: null,
        message: 'forecast.py ended with exit code 139, as SIGSEGV ends a program.',
      },
    ],
    [
      'no exit code and no reason',
      facts({ exitCode: null }),
      {
        state: 'failed',
        exit_code: null,
        limit: null,
        error: null,
        message: 'The sandbox ended without an exit code.',
      },
    ],
    [
      'wall time, with the line',
      { stop: 'wall', stoodAt: { path: 'forecast.py', line: 41 }, ...facts({ exitCode: null }) },
      {
        state: 'timed_out',
        exit_code: null,
        limit: { name: 'run_wall_ms', value: 300_000 },
        error: null,
        message: 'Stopped after 300 s at line 41 of forecast.py.',
      },
    ],
    [
      'wall time, without a line',
      { stop: 'wall' },
      {
        state: 'timed_out',
        exit_code: null,
        limit: { name: 'run_wall_ms', value: 300_000 },
        error: null,
        message: 'Stopped after 300 s.',
      },
    ],
    [
      'cancelled',
      { stop: 'cancel', ...facts({ exitCode: null }) },
      { state: 'cancelled', exit_code: null, limit: null, error: null, message: 'Cancelled after 3.2 s.' },
    ],
    [
      'cancelled while memory ran out',
      { stop: 'cancel', ...facts({ oomKills: 1 }) },
      { state: 'cancelled', exit_code: null, limit: null, error: null, message: 'Cancelled after 3.2 s.' },
    ],
    [
      'the kernel killed for memory',
      facts({ exitCode: 137, oomKills: 1 }),
      {
        state: 'out_of_memory',
        exit_code: null,
        limit: { name: 'run_memory_bytes', value: 512 * MIB },
        error: null,
        message:
          'Ran out of memory: this run may use 512 MiB. Ask for more with memory_mb, or hold less at a time.',
      },
    ],
    [
      'memory and wall time together',
      { stop: 'wall', ...facts({ oomKills: 1 }) },
      {
        state: 'out_of_memory',
        exit_code: null,
        limit: { name: 'run_memory_bytes', value: 512 * MIB },
        error: null,
        message:
          'Ran out of memory: this run may use 512 MiB. Ask for more with memory_mb, or hold less at a time.',
      },
    ],
    [
      'an allocation that never fits',
      { ...facts({ exitCode: 1, reportedCause: 'memory_error' }), error },
      {
        state: 'out_of_memory',
        exit_code: null,
        limit: { name: 'run_memory_bytes', value: 512 * MIB },
        error,
        message:
          'Ran out of memory at line 12 of forecast.py: this run may use 512 MiB. Ask for more with memory_mb, or hold less at a time.',
      },
    ],
    [
      'a fork that was refused inside',
      { ...facts({ exitCode: 1, reportedCause: 'process_error' }), error },
      {
        state: 'process_limit',
        exit_code: null,
        limit: { name: 'run_processes', value: 256 },
        error,
        message: 'Stopped at line 12 of forecast.py: a run may have 256 processes and threads at a time.',
      },
    ],
    [
      'a fork that says EAGAIN, where there were many processes',
      { ...facts({ exitCode: 1, reportedCause: 'try_again', processesPeak: 64 }), error },
      {
        state: 'process_limit',
        exit_code: null,
        limit: { name: 'run_processes', value: 256 },
        error,
        message: 'Stopped at line 12 of forecast.py: a run may have 256 processes and threads at a time.',
      },
    ],
    [
      'a read that says EAGAIN, because it would block',
      { ...facts({ exitCode: 1, reportedCause: 'try_again', processesPeak: 3 }), error },
      {
        state: 'failed',
        exit_code: 1,
        limit: null,
        error,
        message: 'ValueError at line 12 of forecast.py: `no rows`',
      },
    ],
    [
      'as many processes as it may have, which used up the memory',
      facts({ oomKills: 1, processesPeak: 256 }),
      {
        state: 'process_limit',
        exit_code: null,
        limit: { name: 'run_processes', value: 256 },
        error: null,
        message:
          'Stopped: a run may have 256 processes and threads at a time, and so many used up the 512 MiB of memory.',
      },
    ],
    [
      "gVisor's own panic for want of a thread",
      facts({ exitCode: 2, enginePanic: 'panic: error initializing first thread' }),
      {
        state: 'process_limit',
        exit_code: null,
        limit: { name: 'run_processes', value: 256 },
        error: null,
        message: 'Stopped: a run may have 256 processes and threads at a time.',
      },
    ],
    [
      'a flood',
      { stop: 'flood' },
      {
        state: 'output_limit',
        exit_code: null,
        limit: { name: 'run_stream_bytes', value: MIB },
        error: null,
        message:
          'Stopped: it wrote far more to stdout, stderr and its progress than the 1 MiB of each that are kept. Write results to /outputs.',
      },
    ],
    [
      'a full /outputs',
      { ...facts({ exitCode: 1, outputsFull: 'bytes' }), error },
      {
        state: 'output_limit',
        exit_code: 1,
        limit: { name: 'run_outputs_bytes', value: 64 * MIB },
        error,
        message: '/outputs is full at line 12 of forecast.py: it takes 64 MiB.',
      },
    ],
    [
      'no name left in /tmp',
      facts({ exitCode: 1, tmpFull: 'inodes' }),
      {
        state: 'output_limit',
        exit_code: 1,
        limit: { name: 'run_tmp_inodes', value: 4096 },
        error: null,
        message: '/tmp is full: it takes 4096 files.',
      },
    ],
    [
      'no byte left in /dev/shm',
      facts({ exitCode: 1, reportedCause: 'shared_memory_full' }),
      {
        state: 'output_limit',
        exit_code: 1,
        limit: { name: 'run_shared_memory_bytes', value: 32 * MIB },
        error: null,
        message: '/dev/shm is full: it takes 32 MiB.',
      },
    ],
    [
      'too many outputs',
      { harvestLimit: 'run_harvest_files' },
      {
        state: 'output_limit',
        exit_code: 0,
        limit: { name: 'run_harvest_files', value: 256 },
        error: null,
        message: 'It left more in /outputs than is kept (256 files); what fitted is there.',
      },
    ],
    [
      'a cut stream',
      { isCut: true },
      {
        state: 'succeeded',
        exit_code: 0,
        limit: { name: 'run_stream_bytes', value: MIB },
        error: null,
        message: 'Finished in 3.2 s. It met a limit: bytes kept of stdout and of stderr, each, 1 MiB.',
      },
    ],
    [
      'a full folder that did not matter',
      facts({ tmpFull: 'bytes' }),
      {
        state: 'succeeded',
        exit_code: 0,
        limit: { name: 'run_tmp_bytes', value: 64 * MIB },
        error: null,
        message: 'Finished in 3.2 s. It met a limit: bytes in /tmp, 64 MiB.',
      },
    ],
  ])('%s', (_, given, expected) => {
    expect(decideOutcome({ ...END, ...given })).toEqual(expected);
  });
});

describe('an attempt whose sandbox died before the first line of the program is no end of the run', () => {
  const dead: EndFacts = { ...FACTS, hasBegun: false, exitCode: 137 };
  it.each<[string, Pick<EndOfRun, 'stop' | 'facts'>, boolean]>([
    ['with an exit code', { stop: null, facts: dead }, true],
    ['without one', { stop: null, facts: { ...dead, exitCode: null } }, true],
    ['but not one that began', { stop: null, facts: { ...dead, hasBegun: true } }, false],
    ['nor one that we stopped', { stop: 'wall', facts: dead }, false],
    ['nor one that was cancelled', { stop: 'cancel', facts: dead }, false],
    ['nor one whose memory is too small', { stop: null, facts: { ...dead, oomKills: 1 } }, false],
    ['nor one of too few threads', { stop: null, facts: { ...dead, enginePanic: 'pthread_create' } }, false],
  ])('%s', (_, end, expected) => {
    expect(neverBegan(end)).toBe(expected);
  });
});
