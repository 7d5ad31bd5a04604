import type { Command } from 'commander';
import { limit } from '../../protocol/limits.ts';
import { asOperator } from '../database/operator.ts';
import { drawLink } from '../identity/draw-link.ts';
import { parsePublicUrl } from '../settings/public-url.ts';
import { ownerUrlOf } from '../stack/owner-url.ts';
import { publicUrlOf } from '../stack/public-url-of.ts';
import { Failure } from '../terminal/failure.ts';
import { printJson, printNote, printResult } from '../terminal/print.ts';
import { type DatabaseOptions, withDatabase } from './database-option.ts';

interface BreakGlassOptions extends DatabaseOptions {
  readonly email: string;
  readonly publicUrl?: string;
}

export function registerBreakGlass(program: Command): void {
  withDatabase(program.command('break-glass'))
    .summary('let a person who is locked out in again')
    .description(
      'Prints a link that sets a new password for a person, once, within half an hour. It lifts their lockout and ends their sessions. The audit log of each of their tenants records it, and every owner is told at their next sign-in.',
    )
    .requiredOption('--email <email>', 'whose account')
    .option('--public-url <url>', 'the address of the deployment, where it is not this stack', parsePublicUrl)
    .addHelpText('after', '\nExample:\n  $ ./causeway break-glass --email ann@example.com')
    .action(breakGlass);
}

async function breakGlass(options: BreakGlassOptions): Promise<void> {
  const publicUrl = publicUrlOf(options);
  const { secret, sha256 } = drawLink();
  const isKnown = await asOperator(await ownerUrlOf(options), (operator) =>
    operator.createRecovery({
      email: options.email,
      linkSha256: sha256,
      lifetimeSeconds: limit('recovery_lifetime_ms') / 1000,
    }),
  );
  if (!isKnown) {
    throw new Failure({
      what: 'No link was made.',
      why: `nobody has the email ${options.email}, or the person is disabled`,
      remedy: './causeway owner invite makes an owner of somebody new',
    });
  }
  const link = `${publicUrl}/recovery/${secret}`;
  if (options.json) {
    printJson({ link, email: options.email });
    return;
  }
  printResult(link);
  printNote('  It works once, for half an hour. The owners of this person’s tenants are told.');
}
