import { realpath } from 'node:fs/promises';
import { inject } from 'vitest';
import { stateTag } from '../../executor/hold-state.ts';
import { dockerApi } from '../../executor/sandbox/docker-api.ts';
import type { Offer } from '../../protocol/messages.ts';
import type {} from './engines-setup.ts';

export type EngineName = Offer['engine'];

/** One that is missing on this machine fails its tests. */
export const ENGINES = ['gvisor', 'docker-runsc', 'docker-runc'] as const satisfies readonly EngineName[];

/** The command line with which an executor takes this engine here. */
export function engineArgs(engine: EngineName): string[] {
  if (engine === 'gvisor') return ['--engine', engine];
  const risk = engine === 'docker-runc' ? ['--accept-kernel-as-boundary'] : [];
  return ['--engine', engine, '--docker-socket', inject('dockerSocket'), ...risk];
}

/** Containers of the executor with this state folder, whichever process started them. */
export async function containersOf(stateDir: string): Promise<readonly string[]> {
  const tag = stateTag(await realpath(stateDir));
  return dockerApi(inject('dockerSocket'), null).named(`causeway.executor=${tag}`);
}
