import { limit } from '../protocol/limits.ts';

/** What a sandbox holds while it waits, pandas imported: 73 MiB measured, and room for the engine's own growth. */
const WAITING_BYTES = 96 * 1024 * 1024;

export interface HostSize {
  readonly slotsAsked: number;
  /** What all sandboxes together may use. */
  readonly memoryBytes: number;
  readonly cores: number;
}

/**
 * How many runs at the same time, and how many sandboxes wait for the next ones. No more slots than runs of default size fit
 * into the memory; then one waiting sandbox for each run that could start at once (slots), or be made meanwhile (cores),
 * as far as what the slots leave over holds them, and one in any case. Pure.
 */
export function sizeHost({ slotsAsked, memoryBytes, cores }: HostSize): { slots: number; warm: number } {
  const runBytes = limit('run_memory_bytes');
  const slots = Math.max(1, Math.min(slotsAsked, Math.floor(memoryBytes / runBytes)));
  const affordable = Math.floor((memoryBytes - slots * runBytes) / WAITING_BYTES);
  return { slots, warm: Math.max(1, Math.min(Math.max(slots, cores), affordable)) };
}
