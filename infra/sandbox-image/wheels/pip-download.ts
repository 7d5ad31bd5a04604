import { recipe } from '../recipe.ts';
import { type CommandResult, lastWords, runCommand, succeeded } from '../run-command.ts';

/** How a pip download ended. `unreachable` carries pip's own words. */
export type PipOutcome =
  | { readonly kind: 'downloaded' }
  | { readonly kind: 'unreachable'; readonly reason: string }
  | { readonly kind: 'gone'; readonly reason: string }
  | { readonly kind: 'hash_mismatch'; readonly reason: string };

const unreachableWords =
  /Retrying \(|NewConnectionError|ConnectTimeout|ConnectionError|ProxyError|SSLError|Max retries exceeded|Temporary failure in name resolution|Connection refused|No module named pip|ReadTimeout|Network is unreachable/;
const mismatchWords = /DO NOT MATCH THE HASHES|Hashes are required|hashes? (?:did|do) not match/i;

/** Reads what pip said. pip has one exit code for everything, and says "no matching distribution" of an index it cannot reach too. */
export function judgePip(result: CommandResult): PipOutcome {
  if (succeeded(result)) return { kind: 'downloaded' };
  if (result.failure) return { kind: 'unreachable', reason: `python3 -m pip: ${lastWords(result)}` };
  if (mismatchWords.test(result.stderr)) return { kind: 'hash_mismatch', reason: lastWords(result) };
  if (unreachableWords.test(result.stderr)) return { kind: 'unreachable', reason: firstCause(result.stderr) };
  return { kind: 'gone', reason: lastWords(result) };
}

/** The cause inside pip's warning: `Failed to establish a new connection: [Errno 111] Connection refused`. */
function firstCause(stderr: string): string {
  const line = stderr.split('\n').find((text) => unreachableWords.test(text)) ?? '';
  const inner = /broken by '\w+\((?:["']?<[^<>]*>: |["'])?(?<cause>[^'"]+)/.exec(line)?.groups?.cause;
  return (inner ?? line.replace(/^(?:WARNING|ERROR): /, '')).trim();
}

/**
 * Downloads wheels for the image's Python (not the host's) into `folder`, from the index that this host's pip is set to.
 * Partial files go to `folder` too, so that they vanish with it.
 */
export async function pipDownload(
  requirements: readonly string[],
  folder: string,
  options: { signal?: AbortSignal | undefined },
): Promise<PipOutcome> {
  const result = await runCommand('python3', ['-m', 'pip', ...downloadArgs(folder), ...requirements], {
    timeoutMs: 15 * 60_000,
    env: { ...process.env, TMPDIR: folder },
    ...options,
  });
  return judgePip(result);
}

const downloadArgs = (folder: string): string[] => [
  'download',
  '--disable-pip-version-check',
  '--no-cache-dir',
  '--progress-bar=off',
  '--no-input',
  '--retries=2',
  '--only-binary=:all:',
  `--python-version=${recipe.pythonMinor}`,
  '--implementation=cp',
  ...recipe.wheelPlatforms.map((platform) => `--platform=${platform}`),
  `--dest=${folder}`,
];
