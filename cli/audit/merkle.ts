import { hash } from 'node:crypto';

/** Hashes and proofs of RFC 6962 (section 2.1), as a verifier needs them. Nothing here reads a file or a clock. */

const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);

export function leafHash(text: string): Buffer {
  return hash('sha256', Buffer.concat([LEAF, Buffer.from(text, 'utf8')]), 'buffer');
}

export function nodeHash(left: Buffer, right: Buffer): Buffer {
  return hash('sha256', Buffer.concat([NODE, left, right]), 'buffer');
}

/** The largest power of two below `count`: where a tree of so many leaves is split. */
export function splitOf(count: number): number {
  let left = 1;
  while (left * 2 < count) left *= 2;
  return left;
}

/** The root that an audit path leads to, or null where the path is not one of that leaf (RFC 6962, section 2.1.1). */
export function rootOfPath(
  leaf: Buffer,
  index: number,
  size: number,
  path: readonly Buffer[],
): Buffer | null {
  if (index < 0 || index >= size) return null;
  const sides: ('left' | 'right')[] = [];
  for (let [first, count] = [0, size]; count > 1; ) {
    const left = splitOf(count);
    if (index < first + left) {
      sides.push('right');
      count = left;
    } else {
      sides.push('left');
      first += left;
      count -= left;
    }
  }
  if (sides.length !== path.length) return null;
  return path.reduce((below, sibling) => {
    return sides.pop() === 'left' ? nodeHash(sibling, below) : nodeHash(below, sibling);
  }, leaf);
}

export interface TreeHead {
  readonly size: number;
  readonly root: Buffer;
}

/** Whether `proof` shows that the old tree is the beginning of the new one (RFC 9162, section 2.1.4.2). */
export function isConsistent(old: TreeHead, now: TreeHead, proof: readonly Buffer[]): boolean {
  if (old.size > now.size) return false;
  if (old.size === now.size) return proof.length === 0 && old.root.equals(now.root);
  if (old.size === 0) return proof.length === 0;
  const steps = (old.size & (old.size - 1)) === 0 ? [old.root, ...proof] : [...proof];
  const first = steps.shift();
  if (first === undefined) return false;
  let [oldIndex, newIndex] = [old.size - 1, now.size - 1];
  while (oldIndex % 2 === 1) {
    oldIndex = Math.floor(oldIndex / 2);
    newIndex = Math.floor(newIndex / 2);
  }
  let [oldRoot, newRoot] = [first, first];
  for (const step of steps) {
    if (newIndex === 0) return false;
    if (oldIndex % 2 === 1 || oldIndex === newIndex) {
      oldRoot = nodeHash(step, oldRoot);
      newRoot = nodeHash(step, newRoot);
      while (oldIndex % 2 === 0 && oldIndex !== 0) {
        oldIndex = Math.floor(oldIndex / 2);
        newIndex = Math.floor(newIndex / 2);
      }
    } else newRoot = nodeHash(newRoot, step);
    oldIndex = Math.floor(oldIndex / 2);
    newIndex = Math.floor(newIndex / 2);
  }
  return newIndex === 0 && oldRoot.equals(old.root) && newRoot.equals(now.root);
}

/**
 * Proves the leaves of a tree one by one, in order, from its root down. Each leaf comes with the right siblings on the way
 * from the largest subtree that begins at it; that subtree's hash is known from the leaves before. So every hash of the tree
 * is sent and computed once, and no more are held than the tree is high.
 */
export class LeafProver {
  private readonly size: number;
  private next = 0;
  /** Subtrees that are proven and not yet read, the next one last. */
  private readonly proven: { readonly count: number; readonly hash: Buffer }[];

  constructor({ size, root }: TreeHead) {
    this.size = size;
    this.proven = size === 0 ? [] : [{ count: size, hash: root }];
  }

  /** The index of the leaf that comes next; `size` when all are proven. */
  get index(): number {
    return this.next;
  }

  get isComplete(): boolean {
    return this.next === this.size;
  }

  /** Whether this is the next leaf. After a `false` the prover is of no more use. */
  prove(leaf: Buffer, siblings: readonly Buffer[]): boolean {
    const subtree = this.proven.pop();
    if (subtree === undefined) return false;
    const counts: number[] = [];
    for (let count = subtree.count; count > 1; ) {
      const left = splitOf(count);
      counts.push(count - left);
      count = left;
    }
    if (counts.length !== siblings.length) return false;
    const found = siblings.reduceRight((below, sibling) => nodeHash(below, sibling), leaf);
    if (!found.equals(subtree.hash)) return false;
    for (const [place, hash] of siblings.entries()) this.proven.push({ count: counts[place] ?? 0, hash });
    this.next += 1;
    return true;
  }
}
