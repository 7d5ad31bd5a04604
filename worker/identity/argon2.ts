import Argon2 from '@phi-ag/argon2';
import wasm from '@phi-ag/argon2/argon2.wasm';

let instance: Promise<Argon2> | undefined;

/**
 * The isolate's one instance of argon2. It works on one hash at a time and its memory never shrinks: it holds what the
 * costliest hash so far has needed, 19 to 64 MiB, however many wait.
 */
export function argon2(): Promise<Argon2> {
  instance ??= WebAssembly.instantiate(wasm, {}).then((module) => new Argon2(module));
  return instance;
}
