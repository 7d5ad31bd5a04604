import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { childEnvironment } from '../stack/child-environment.ts';
import { ROOT_DIR } from '../stack/state-paths.ts';

/** Runs a tool of node_modules in the checkout: nothing where it succeeds, else the lines that it printed. */
export async function runTool(script: string, args: readonly string[]): Promise<readonly string[]> {
  const child = spawn(process.execPath, [join(ROOT_DIR, 'node_modules', script), ...args], {
    cwd: ROOT_DIR,
    env: childEnvironment(process.env.HOME ?? ROOT_DIR),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code === 0) return [];
  return stripVTControlCharacters(output).trim().split('\n');
}
