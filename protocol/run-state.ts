/** A run's life: `queued`, `leased`, `running`, then exactly one of the terminal states. */
const ACTIVE_STATES = ['queued', 'leased', 'running'] as const;
export const TERMINAL_STATES = [
  'succeeded',
  'failed',
  'timed_out',
  'out_of_memory',
  'process_limit',
  'output_limit',
  'cancelled',
  'lost',
] as const;
export const RUN_STATES = [...ACTIVE_STATES, ...TERMINAL_STATES] as const;

export type TerminalState = (typeof TERMINAL_STATES)[number];
