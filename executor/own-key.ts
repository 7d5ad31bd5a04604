import { readFileSync, renameSync } from 'node:fs';
import { proofToConnect, type Stored, storedSchema } from './identity.ts';
import { parseJson } from './parse-json.ts';

/** Where a rotation keeps the new key until it is the executor's only one. */
export const nextFileOf = (file: string): string => `${file}.next`;

/** Who an executor is to the pool. */
export interface Identity {
  readonly executor: string;
  readonly pool: string;
  /** The value of `Authorization` for one connection; `nowSeconds` is the worker's clock as far as it is known. */
  authorization(nowSeconds: number): string;
  /** The pool took the last proof. */
  accepted(): void;
  /** The pool refused the last proof. */
  refused(): void;
}

/**
 * The key of a daemon, read anew for each connection, so that `rotate-key` need not tell it. Where a rotation was cut off
 * between the server's yes and the end of the old file, nobody knows which of two keys is registered: it tries one after
 * the other, and keeps the one that is let on.
 */
export function ownKey(file: string, found: Stored): Identity {
  let triesNext = false;
  const read = (path: string): Stored | null => {
    try {
      return storedSchema.safeParse(parseJson(readFileSync(path, 'utf8'))).data ?? null;
    } catch {
      return null;
    }
  };
  const next = (): Stored | null => read(nextFileOf(file));
  return {
    executor: found.executor,
    pool: found.pool,
    authorization: (nowSeconds) =>
      proofToConnect((triesNext ? next() : null) ?? read(file) ?? found, nowSeconds),
    refused() {
      triesNext = !triesNext && next() !== null;
    },
    accepted() {
      if (triesNext && next() !== null) renameSync(nextFileOf(file), file);
      triesNext = false;
    },
  };
}
