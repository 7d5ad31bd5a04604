import type { Offer } from '../../protocol/messages.ts';

/** The engines that every attack is played under. One that is missing on this machine fails its tests. */
export const ENGINES = ['gvisor'] as const satisfies readonly Offer['engine'][];
export type EngineName = (typeof ENGINES)[number];
