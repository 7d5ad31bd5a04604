import { type Command, Option } from 'commander';
import { ID_PREFIXES, newId, parseId } from '../../protocol/ids.ts';
import { parseEmail } from '../../worker/people/email.ts';
import { ALL_SCOPES } from '../../worker/tenants/scopes.ts';
import { asOperator } from '../database/operator.ts';
import type { TokenUseRow } from '../database/token-operator.ts';
import { LIFETIME_MS_DEFAULT, parseLifetimeOrNever } from '../identity/expiry.ts';
import { mintToken } from '../identity/mint-token.ts';
import { parseNetworks } from '../identity/network.ts';
import { DEVELOPMENT_EMAIL } from '../stack/development-tenant.ts';
import { ownerUrlOf } from '../stack/owner-url.ts';
import { Failure } from '../terminal/failure.ts';
import { formatTable, printJson, printNote, printResult } from '../terminal/print.ts';
import { nameArgument } from './name-option.ts';
import { requireKnown } from './tenant-command.ts';
import { type TenantOptions, tenantOf, withTenant } from './tenant-option.ts';
import { registerTokenLifetime } from './token-rotate.ts';

/** Entries that `token uses` shows. */
const USES_SHOWN_MAX = 500;

const ROLES = ['owner', 'admin', 'member', 'viewer'];

interface CreateOptions extends TenantOptions {
  readonly name: string;
  readonly scope?: readonly string[];
  readonly expires: number | null;
  readonly from?: readonly string[];
  readonly project?: readonly string[];
  readonly role?: string;
  readonly email: string;
}

export function registerToken(program: Command): void {
  const token = program
    .command('token')
    .summary('API tokens: create, list, revoke, rotate, uses')
    .description(
      'API tokens of a tenant: of the local development tenant, or of another database by --database-url and --tenant.',
    )
    .helpCommand(false);

  withTenant(token.command('create'))
    .summary('make a token and print it, once')
    .description('Makes a token and prints it. It cannot be shown again: only its argon2id hash is stored.')
    .requiredOption('--name <name>', 'what it is for; shown in lists and in the audit log', nameArgument)
    .addOption(new Option('--scope <scope...>', 'what it may do (default: everything)').choices(ALL_SCOPES))
    .addOption(
      new Option('--expires <time>', 'its lifetime: 30m, 1h, 90d; or never')
        .default(LIFETIME_MS_DEFAULT, '90d')
        .argParser(parseLifetimeOrNever),
    )
    .addOption(
      new Option(
        '--from <network...>',
        'networks from which alone it may be used: 192.0.2.0/24 2001:db8::/48',
      ).argParser(parseNetworks),
    )
    .addOption(
      new Option(
        '--project <project...>',
        'the only projects that it reaches, by id or name; it can then create none',
      ),
    )
    .addOption(
      new Option('--role <role>', 'the most it may do, and the role of a person who is new').choices(ROLES),
    )
    .option(
      '--email <email>',
      'whose token it is; someone new becomes a member of the tenant',
      DEVELOPMENT_EMAIL,
    )
    .addHelpText(
      'after',
      '\nExamples:\n  $ ./causeway token create --name nightly --expires 90d\n  $ ./causeway token create --name reader --scope projects:read data:read --role viewer --email ann@example.com\n  $ ./causeway token create --name forecast --project "Sales 2026"',
    )
    .action(create);

  withTenant(token.command('list'))
    .summary('every token, never its text')
    .addHelpText('after', '\nExamples:\n  $ ./causeway token list\n  $ ./causeway token list --json')
    .action(list);

  withTenant(token.command('revoke'))
    .summary('end a token, from the next request on')
    .argument('<token>', `its id (${ID_PREFIXES.token}_...)`)
    .addHelpText('after', '\nExample:\n  $ ./causeway token revoke tok_01jd...')
    .action(revoke);

  registerUses(token);
  registerTokenLifetime(token);
}

function registerUses(token: Command): void {
  withTenant(token.command('uses'))
    .summary('what was asked with tokens, newest first')
    .description(
      'The request log of the tenant: every request with a token or by an agent of the last 90 days, without arguments or content.',
    )
    .argument('[credential]', 'only of this token (tok_...) or agent (gra_...)')
    .addHelpText(
      'after',
      '\nExamples:\n  $ ./causeway token uses\n  $ ./causeway token uses tok_01jd... --json',
    )
    .action(showUses);
}

async function create(options: CreateOptions): Promise<void> {
  const tenant = tenantOf(options);
  const email = parseEmail(options.email);
  if (email === null)
    throw new Failure({
      what: 'No token was made.',
      why: `${options.email} is no email address`,
      remedy: 'name whose token it is: --email ann@example.com',
    });
  const ownerUrl = await ownerUrlOf(options);
  await requireKnown(ownerUrl, tenant);
  const scopes = options.scope ?? ALL_SCOPES;
  const expiresAt = options.expires === null ? null : new Date(Date.now() + options.expires);
  const minted = await asOperator(ownerUrl, async (operator) => {
    const user = await operator.provisionTenant({
      tenant,
      tenantName: 'Development',
      user: newId('user'),
      email,
      userName: email.split('@')[0] ?? email,
      role: options.role ?? 'member',
    });
    return mintToken(operator, {
      tenant,
      user,
      name: options.name,
      scopes,
      roleCeiling: options.role ?? null,
      expiresAt,
      ...(options.from === undefined ? {} : { addressRanges: options.from }),
      ...(options.project === undefined ? {} : { projects: options.project }),
    });
  });
  if (options.json) {
    printJson({
      id: minted.id,
      token: minted.text,
      tenant,
      email,
      scopes,
      expires_at: expiresAt,
    });
    return;
  }
  printResult(minted.text);
  printNote(
    `  ${minted.id} of ${email}, ${expiresAt ? `until ${expiresAt.toISOString()}` : 'until it is revoked'}. It is not shown again.`,
  );
}

async function list(options: TenantOptions): Promise<void> {
  const tenant = tenantOf(options);
  const tokens = await asOperator(await ownerUrlOf(options), (operator) => operator.listTokens(tenant));
  if (options.json) {
    printJson(tokens);
    return;
  }
  const rows = tokens.map((token) => [
    token.token_id,
    token.name,
    token.email,
    stateOf(token.revoked_at, token.expires_at),
    token.last_used_at === null ? 'never' : minuteOf(token.last_used_at),
    token.address_ranges?.join(' ') ?? 'everywhere',
    token.project_ids?.join(' ') ?? 'all',
    token.scopes.length === ALL_SCOPES.length ? 'all' : token.scopes.join(' '),
  ]);
  printResult(
    formatTable(['token', 'name', 'person', 'state', 'last use', 'from', 'projects', 'scopes'], rows),
  );
}

async function revoke(id: string, options: TenantOptions): Promise<void> {
  const token = parseId('token', id);
  const isRevoked =
    token !== null &&
    (await asOperator(await ownerUrlOf(options), (operator) => operator.revokeToken(token)));
  if (!isRevoked) {
    throw new Failure({
      what: `No token ${id} was revoked.`,
      why: 'there is none with this id, or it was revoked before',
      remedy: './causeway token list shows the ids',
    });
  }
  if (options.json) printJson({ revoked: token });
  else printNote(`Revoked ${token}; its next request is refused.`);
}

async function showUses(credential: string | undefined, options: TenantOptions): Promise<void> {
  const tenant = tenantOf(options);
  const uses = await asOperator(await ownerUrlOf(options), (operator) =>
    operator.listTokenUses(tenant, credential ?? null, USES_SHOWN_MAX),
  );
  if (options.json) {
    printJson(uses);
    return;
  }
  printResult(
    formatTable(['time', 'credential', 'asked', 'ms', 'outcome', 'address', 'agent'], uses.map(describeUse)),
  );
}

function describeUse(use: TokenUseRow): string[] {
  if (use.dropped !== null) return [use.occurred_at.toISOString(), '', '', '', `${use.dropped} more`, '', ''];
  return [
    use.occurred_at.toISOString(),
    use.credential_id ?? '',
    `${use.method} ${use.target ?? ''}`,
    `${use.latency_ms}`,
    use.reason ?? use.outcome,
    use.address ?? '',
    use.user_agent ?? '',
  ];
}

function stateOf(revokedAt: Date | null, expiresAt: Date | null): string {
  if (revokedAt !== null) return 'revoked';
  if (expiresAt === null) return 'alive';
  return expiresAt.getTime() < Date.now() ? 'expired' : `until ${minuteOf(expiresAt)}`;
}

function minuteOf(date: Date): string {
  return `${date.toISOString().slice(0, 16)}Z`;
}
