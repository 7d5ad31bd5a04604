import { performance } from 'node:perf_hooks';
import { endCall } from './after-call.ts';
import type { Suite } from './collect-tests.ts';

/** A test that did not pass, and why. */
export interface Failed {
  readonly test: string;
  readonly error: unknown;
}

export interface Played {
  readonly failed: Failed | null;
  /** How long each test took, by its name behind those of the blocks around it. */
  readonly tookMs: ReadonlyMap<string, number>;
}

/** Runs the tests of a file for which `isWanted`, in order, until one fails. */
export async function playTests(root: Suite, isWanted: (test: string) => boolean): Promise<Played> {
  const tookMs = new Map<string, number>();
  const failed = await playSuite(root, [], isWanted, tookMs);
  return { failed, tookMs };
}

async function playSuite(
  suite: Suite,
  around: readonly Suite[],
  isWanted: (test: string) => boolean,
  tookMs: Map<string, number>,
): Promise<Failed | null> {
  if (!hasWanted(suite, around, isWanted)) return null;
  const blocks = [...around, suite];
  try {
    for (const work of suite.before) await work();
    for (const member of suite.members) {
      const failed =
        'members' in member
          ? await playSuite(member, blocks, isWanted, tookMs)
          : await playCase(member, blocks, isWanted, tookMs);
      if (failed !== null) return failed;
    }
    return null;
  } catch (error) {
    return { test: titleOf(blocks, '(before all)'), error };
  } finally {
    for (const work of suite.after.toReversed()) await work();
  }
}

async function playCase(
  { name, work, values }: Extract<Suite['members'][number], { work: unknown }>,
  blocks: readonly Suite[],
  isWanted: (test: string) => boolean,
  tookMs: Map<string, number>,
): Promise<Failed | null> {
  const title = titleOf(blocks, name);
  if (!isWanted(title)) return null;
  const startedAt = performance.now();
  try {
    for (const block of blocks) for (const before of block.beforeCase) await before();
    await work(...(values as never[]));
    return null;
  } catch (error) {
    return { test: title, error };
  } finally {
    for (const block of blocks.toReversed()) for (const after of block.afterCase) await after();
    await endCall();
    tookMs.set(title, performance.now() - startedAt);
  }
}

function hasWanted(suite: Suite, around: readonly Suite[], isWanted: (test: string) => boolean): boolean {
  const blocks = [...around, suite];
  return suite.members.some((member) =>
    'members' in member ? hasWanted(member, blocks, isWanted) : isWanted(titleOf(blocks, member.name)),
  );
}

function titleOf(blocks: readonly Suite[], name: string): string {
  return [...blocks.map((block) => block.name), name].filter((part) => part !== '').join(' > ');
}
