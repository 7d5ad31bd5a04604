import type { Command } from 'commander';
import { newId, parseId } from '../../protocol/ids.ts';
import { limit } from '../../protocol/limits.ts';
import { parseEmail } from '../../worker/people/email.ts';
import { asOperator } from '../database/operator.ts';
import { drawLink } from '../identity/draw-link.ts';
import { parsePublicUrl } from '../settings/public-url.ts';
import { ownerUrlOf } from '../stack/owner-url.ts';
import { publicUrlOf } from '../stack/public-url-of.ts';
import { Failure } from '../terminal/failure.ts';
import { printJson, printNote, printResult } from '../terminal/print.ts';
import { nameArgument } from './name-option.ts';
import { type JsonOptions, jsonOption, type StateOptions, stateOption } from './state-option.ts';
import { requireKnown } from './tenant-command.ts';

interface InviteOptions extends StateOptions, JsonOptions {
  readonly email: string;
  readonly tenant?: string;
  readonly tenantName: string;
  readonly databaseUrl?: string;
  readonly publicUrl?: string;
}

export function registerOwner(program: Command): void {
  const owner = program
    .command('owner')
    .summary('the first owner of a tenant: invite')
    .description(
      'Owners of tenants, as the operator makes them. Owners invite everybody else in the browser.',
    )
    .helpCommand(false);

  owner
    .command('invite')
    .summary('make a one-time link that makes an owner')
    .description(
      'Prints a link with which a person becomes the owner of a tenant, once, within seven days: a new tenant, or an existing one by --tenant. Nobody becomes an owner by being the first to visit.',
    )
    .requiredOption('--email <email>', 'who it is for; the link is bound to it')
    .option('--tenant <id>', 'an existing tenant instead of a new one')
    .option('--tenant-name <name>', 'the name of the new tenant', nameArgument, 'My team')
    .option(
      '--database-url <url>',
      'another database, as causeway_owner (also: environment DATABASE_OWNER_URL)',
    )
    .option('--public-url <url>', 'the address of the deployment, where it is not this stack', parsePublicUrl)
    .addOption(stateOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExample:\n  $ ./causeway owner invite --email ann@example.com --tenant-name Research --public-url https://causeway.example.com',
    )
    .action(invite);
}

async function invite(options: InviteOptions): Promise<void> {
  const publicUrl = publicUrlOf(options);
  const email = parseEmail(options.email);
  const tenant = options.tenant === undefined ? newId('tenant') : parseId('tenant', options.tenant);
  if (email === null || tenant === null) {
    throw new Failure({
      what: 'Nobody was invited.',
      why: email === null ? `${options.email} is no email address` : `${options.tenant} is no id of a tenant`,
      remedy: './causeway owner invite --help shows an example',
    });
  }
  const ownerUrl = await ownerUrlOf(options);
  if (options.tenant !== undefined) await requireKnown(ownerUrl, tenant);
  const { secret, sha256 } = drawLink();
  await asOperator(ownerUrl, (operator) =>
    operator.inviteOwner({
      tenant,
      tenantName: options.tenantName,
      invitation: newId('invitation'),
      email,
      linkSha256: sha256,
      lifetimeSeconds: limit('invitation_lifetime_ms') / 1000,
    }),
  );
  const link = `${publicUrl}/invitations/${secret}`;
  if (options.json) {
    printJson({ link, tenant, email });
    return;
  }
  printResult(link);
  printNote(`  For ${email} alone: it works once, for seven days. The tenant is ${tenant}.`);
}
