import { type Expected, exits, hits, WALL } from '../expected.ts';

const FLOOD = hits('output_limit', 'run_stream_bytes');

/** What a program prints, and says of itself on the pipes of the harness, words its outcome and decides nothing. */
export const STREAMS: Readonly<Record<string, Expected>> = {
  closes_everything: { says: [/^last words\n$/] },
  control_characters: exits(1),
  cut_characters: { limit: 'run_stream_bytes' },
  endless_line: { limit: 'run_stream_bytes', says: [/^x{1048576}$/] },
  evil_exit_code: { ends: ['failed'] },
  exception_that_exits: {},
  exception_that_hangs: WALL,
  exit_with_text: exits(1),
  fake_exit_report: { never: [/after its end/] },
  fake_messages: { ...exits(7), says: [/"state": "succeeded"/] },
  flood_both: FLOOD,
  forged_traceback: exits(1),
  gift_pages: {},
  half_character: { ...exits(1), message: /^ValueError at line 3 of main\.py/ },
  harness_rewritten: { ends: ['succeeded', 'failed'] },
  hostile_exception: exits(1),
  line_beyond_numbers: { ...exits(1), message: /^ValueError: `x`$/ },
  next_order: { says: [/^\[b'', '', False, \[True\]\]$/m] },
  one_byte_at_a_time: { says: [/^x{20000}$/] },
  pipe_settings: {},
  progress_flood: FLOOD,
  progress_lies: {},
  reopen_pipes: {},
  report_closed: exits(6),
  // A pipe that nobody reads any more breaks under one engine, and blocks for ever under another.
  report_endless_line: { ends: ['failed', 'timed_out'], limits: { wall_ms: 2000 } },
  report_forged_stacks: { ...WALL, message: /^Stopped after 1 s( at line \d of main\.py)?\.$/ },
  report_garbage: exits(3),
  report_large_exit: { ends: ['succeeded', 'failed'] },
  report_odd_exits: exits(4),
  report_taken_over: exits(8),
  stdout_flood: FLOOD,
};
