import type { Offer } from '../protocol/messages.ts';

export type EngineName = Offer['engine'];

/** Strongest first. gVisor without a daemon needs least; behind runc stands the kernel alone. */
export const ENGINES_BY_STRENGTH = [
  'gvisor',
  'docker-runsc',
  'docker-runc',
] as const satisfies readonly EngineName[];

export const ENGINE_CHOICES = ['auto', ...ENGINES_BY_STRENGTH] as const;
export type EngineChoice = (typeof ENGINE_CHOICES)[number];

/** What is said where runc was named and its risk was not. */
export const KERNEL_AS_BOUNDARY =
  'docker-runc runs programs of strangers on the kernel of this host: a bug in the kernel is an escape. Use gvisor or docker-runsc; or say --accept-kernel-as-boundary as well.';

export type EnginesToTry =
  | { readonly ok: true; readonly engines: readonly EngineName[] }
  | { readonly ok: false; readonly reason: string };

/** The engines to try, in order. Nothing but the operator's own words lets the kernel be the boundary. Pure. */
export function enginesToTry(choice: EngineChoice, acceptsKernelAsBoundary: boolean): EnginesToTry {
  if (choice === 'docker-runc' && !acceptsKernelAsBoundary) return { ok: false, reason: KERNEL_AS_BOUNDARY };
  if (choice !== 'auto') return { ok: true, engines: [choice] };
  return {
    ok: true,
    engines: ENGINES_BY_STRENGTH.filter((name) => name !== 'docker-runc' || acceptsKernelAsBoundary),
  };
}
