/** Costs of argon2id (RFC 9106): memory in KiB, passes, lanes. */
export interface PasswordCosts {
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: 1;
}

/** OWASP's floor for argon2id. */
export const DEFAULT_PASSWORD_COSTS = 'm=19456,t=2,p=1';

const MEMORY_KIB = { least: 19_456, most: 65_536 };
const PASSES = { least: 2, most: 6 };
const COSTS = /^m=(\d{1,6}),t=(\d{1,2}),p=1$/;

/**
 * Reads `m=19456,t=2,p=1`, or null where it is malformed, below OWASP's floor or above what an isolate's 128 MiB bear.
 * One lane: WebAssembly runs on one thread, so more would only be slower.
 */
export function parsePasswordCosts(text: string): PasswordCosts | null {
  const [, memory, passes] = COSTS.exec(text) ?? [];
  const costs = { memoryKib: Number(memory), passes: Number(passes), lanes: 1 as const };
  const isAllowed =
    costs.memoryKib >= MEMORY_KIB.least &&
    costs.memoryKib <= MEMORY_KIB.most &&
    costs.passes >= PASSES.least &&
    costs.passes <= PASSES.most;
  return isAllowed ? costs : null;
}

/** The costs that a PHC string was made with, in the spelling of the setting; null where it is no argon2id hash. */
export function costsOfHash(encoded: string): string | null {
  return /^\$argon2id\$v=19\$(m=\d+,t=\d+,p=\d+)\$/.exec(encoded)?.[1] ?? null;
}

/** Whether a hash that was just verified should be made anew: the deployment's costs have changed, in either direction. */
export function needsRehash(encoded: string, { memoryKib, passes, lanes }: PasswordCosts): boolean {
  return costsOfHash(encoded) !== `m=${memoryKib},t=${passes},p=${lanes}`;
}
