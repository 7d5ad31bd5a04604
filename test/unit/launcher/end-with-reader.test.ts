import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { ROOT_DIR } from '../../../cli/stack/state-paths.ts';

test('a command whose reader has enough ends without a word, as others do', async () => {
  const script = 'set -o pipefail; "$0" --disable-warning=ExperimentalWarning "$1" verify --list | head -n 1';
  const args = ['-c', script, process.execPath, join(ROOT_DIR, 'cli/main.ts')];
  await expect(promisify(execFile)('bash', args)).rejects.toMatchObject({
    code: 141,
    stdout: expect.stringMatching(/^G1 .*\n$/),
    stderr: '',
  });
});
