import { snakeCaseJson } from '../../protocol/snake-case-json.ts';
import { identityFileOf } from '../identity.ts';
import { rotateKey } from '../rotate-key.ts';
import type { HostOptions } from './commands.ts';
import { HostProblem } from './host-problem.ts';
import { findInstalled } from './installed.ts';

/** `rotate-key`. */
export async function rotateHostKey(options: HostOptions): Promise<void> {
  const { config } = await findInstalled(options);
  const rotated = await rotateKey(identityFileOf(config.stateDir), config.url ?? '');
  if (!rotated.ok)
    throw new HostProblem({
      what: 'The key was not exchanged.',
      why: rotated.reason,
      remedy:
        'causeway-executor status shows whether the executor is connected; docs/executors.md has each case',
    });
  const { executor, publicKey } = rotated;
  if (options.json) process.stdout.write(`${snakeCaseJson({ executor, publicKey })}\n`);
  else process.stdout.write(`${executor} has a new key; the old one is dead.\n`);
}
