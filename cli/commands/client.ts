import { type Command, Option } from 'commander';
import { newId, parseId } from '../../protocol/ids.ts';
import { canonicalResource } from '../../worker/oauth/resource.ts';
import { newOpaque } from '../../worker/oauth/secret.ts';
import { ALL_SCOPES } from '../../worker/tenants/scopes.ts';
import { createServiceClient, revokeOAuthClient } from '../database/oauth-operator.ts';
import { parsePublicUrl } from '../settings/public-url.ts';
import { ownerUrlOf } from '../stack/owner-url.ts';
import { publicUrlOf } from '../stack/public-url-of.ts';
import { Failure } from '../terminal/failure.ts';
import { printJson, printNote, printResult } from '../terminal/print.ts';
import { type DatabaseOptions, withDatabase } from './database-option.ts';
import { nameArgument } from './name-option.ts';
import { type TenantOptions, tenantOf, withTenant } from './tenant-option.ts';

interface CreateOptions extends TenantOptions {
  readonly publicUrl?: string;
  readonly name: string;
  readonly user: string;
  readonly scope: readonly string[];
}

export function registerClient(program: Command): void {
  const client = program
    .command('client')
    .summary('OAuth clients: create a confidential one, revoke any')
    .description('OAuth clients, as the operator manages them. Agents register by themselves.')
    .helpCommand(false);

  withTenant(client.command('create'))
    .summary('register a service that gets tokens by client credentials')
    .description(
      'Registers a confidential client that works for a member of a tenant, without a browser. Prints its secret, once: only its SHA-256 is stored.',
    )
    .requiredOption('--name <name>', 'what it is; shown in the audit log', nameArgument)
    .requiredOption('--user <id>', 'the member for whom it works (usr_...)')
    .addOption(
      new Option('--scope <scope...>', 'what it may do')
        .choices(ALL_SCOPES)
        .default(ALL_SCOPES, 'everything'),
    )
    .option('--public-url <url>', 'the address of the deployment, where it is not this stack', parsePublicUrl)
    .addHelpText(
      'after',
      '\nExample:\n  $ ./causeway client create --name nightly --user usr_01jd... --scope runs:execute',
    )
    .action(create);

  withDatabase(client.command('revoke'))
    .summary('end a client and all it was granted, from the next request on')
    .argument('<client>', 'its id: cli_..., or the address of its metadata document')
    .addHelpText('after', '\nExample:\n  $ ./causeway client revoke cli_01jd...')
    .action(revoke);
}

async function create(options: CreateOptions): Promise<void> {
  const tenant = tenantOf(options);
  const user = parseId('user', options.user);
  const secret = await newOpaque('client');
  const client = newId('client');
  const isMade =
    user !== null &&
    (await createServiceClient(await ownerUrlOf(options), {
      client,
      grant: newId('grant'),
      name: options.name,
      metadata: {
        redirect_uris: [],
        grant_types: ['client_credentials'],
        response_types: [],
        token_endpoint_auth_method: 'client_secret_basic',
      },
      secretSha256: secret.sha256,
      tenant,
      user,
      scopes: options.scope,
      resource: canonicalResource(publicUrlOf(options)),
    }));
  if (!isMade) {
    throw new Failure({
      what: 'No client was made.',
      why: `${options.user} is no member of ${tenant}`,
      remedy: 'name a member: --user usr_...',
    });
  }
  if (options.json) {
    printJson({ client_id: client, client_secret: secret.text, scopes: options.scope });
    return;
  }
  printResult(`${client}\n${secret.text}`);
  printNote('  The client and its secret. It is not shown again.');
}

async function revoke(clientId: string, options: DatabaseOptions): Promise<void> {
  if (!(await revokeOAuthClient(await ownerUrlOf(options), clientId))) {
    throw new Failure({
      what: `No client ${clientId} was revoked.`,
      why: 'there is none with this id, or it was revoked before',
      remedy: 'the audit log and the page of connected agents show ids',
    });
  }
  if (options.json) printJson({ revoked: clientId });
  else printNote(`Revoked ${clientId}; whatever it holds is refused from the next request on.`);
}
