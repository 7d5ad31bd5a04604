import { DEFAULT_RUN_LIMITS } from '../../../support/make-job.ts';
import { type Expected, exits, hits, WALL } from '../expected.ts';

export const PROCESSES: Readonly<Record<string, Expected>> = {
  // Linux shields the first process from signals of its own, so that abort(3) goes on to a fault.
  abort: { ...exits(134), under: { 'docker-runc': exits(139) } },
  affinity: {},
  busy_children: {},
  core_dump: { says: [/^\[\] \[\]$/m] },
  daemons: {},
  double_fork: { outputs: ['alive.txt'] },
  endless_exit: WALL,
  endless_loop: WALL,
  endless_number: WALL,
  exec_loop: WALL,
  exit_like_killed: exits(137),
  fork_bomb: hits('process_limit', 'run_processes'),
  fork_then_fill: {
    ...hits('process_limit', 'run_processes'),
    // Room for all that are forked, so that it is the filling that ends them.
    limits: { memory_bytes: DEFAULT_RUN_LIMITS.memory_bytes },
  },
  futex_storm: {},
  hold_pipes_open: { says: [/^the first process ends$/m] },
  huge_arguments: { refused: true },
  ignored_signals: WALL,
  illegal_instruction: exits(132),
  kill_everything: exits(5),
  // The parent is the first process: no signal from inside ends it, and both go on.
  kill_parent: { ...exits(137), under: { 'docker-runc': WALL } },
  program_in_memory: { says: [/^ran as 65532 0{16}$/m] },
  recursion: { ...exits(1), message: /^RecursionError at line 2 of main\.py/ },
  segfault: exits(139),
  signal_storm: {},
  sleep_for_ever: WALL,
  stack_overflow: { ends: ['failed'] },
  stop_parent: WALL,
  stopped: {},
  stubborn_fork_bomb: {
    ...WALL,
    // Room for all that are forked, so that it is the time that ends them.
    limits: { ...WALL.limits, memory_bytes: DEFAULT_RUN_LIMITS.memory_bytes },
  },
  stuck_in_c: WALL,
  thread_bomb: hits('process_limit', 'run_processes'),
  timers: {},
  would_block: { ...exits(1), message: /^BlockingIOError at line 7 of main\.py/ },
  zombies: {},
};
