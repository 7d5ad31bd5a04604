import { Failure } from '../terminal/failure.ts';
import { refusedBySystem } from '../terminal/refused-by-system.ts';

/** What commands end with that judge what was signed by the key of the audit log. */
export const EXIT = { proven: 0, notProven: 1, notJudged: 2, notAuthenticated: 3 } as const;

export function exitOf(
  verdict: { readonly ok: false } | { readonly ok: true; readonly isAuthenticated: boolean },
): number {
  if (!verdict.ok) return EXIT.notProven;
  return verdict.isAuthenticated ? EXIT.proven : EXIT.notAuthenticated;
}

/** Judges; a file that the machine does not let it read was not judged, and is not called changed. */
export async function orNotJudged<Verdict>(
  otherwise: { readonly what: string; readonly exitCode: number },
  judge: () => Promise<Verdict>,
): Promise<Verdict> {
  try {
    return await judge();
  } catch (thrown) {
    const system = refusedBySystem(thrown);
    if (system === null) throw thrown;
    const { message, why, remedy } = system;
    throw new Failure({ ...otherwise, why: `${message.replace(/\.$/, '')}: ${why}`, remedy });
  }
}
