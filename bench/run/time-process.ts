import { spawn } from 'node:child_process';

const RUN_TIMEOUT_MS = 60_000;
const SAID_CHARS_MAX = 600;

/** Milliseconds from the spawn of a program to its end; throws with what it said where that was no success. */
export async function timeProcess(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<number> {
  const startedMs = performance.now();
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env,
    timeout: RUN_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const tookMs = performance.now() - startedMs;
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${said.slice(-SAID_CHARS_MAX)}`);
  return tookMs;
}
