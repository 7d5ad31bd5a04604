import { readBounded } from '../../http/read-bounded.ts';

const ANSWER_BYTES_MAX = 16 * 1024;

/** What AWS says in its answer; null where that is more than any of its errors. */
export function readAnswer(response: Response): Promise<Uint8Array | null> {
  return readBounded(response.body, ANSWER_BYTES_MAX);
}
