import { asOperator } from '../../cli/database/operator.ts';
import type { TenantId, TokenId } from '../../protocol/ids.ts';
import { PROJECT_ROLES, type ProjectRole } from '../../worker/database/projects.ts';
import type { Needs } from '../../worker/tenants/principal.ts';
import { TENANT_ROLES, type TenantRole } from '../../worker/tenants/roles.ts';
import { ALL_SCOPES } from '../../worker/tenants/scopes.ts';
import { expiredCopy } from './expired-token.ts';
import { callTool } from './mcp-call.ts';
import { connect, postForm, signedIn } from './oauth.ts';
import { type PersonWish, settlePerson } from './people.ts';
import { queryAs } from './query-as.ts';
import type { TestStack } from './stack.ts';
import { newAddress, settleAccount } from './visitor.ts';

/** Somebody who calls, as the matrix knows them; what a call of theirs must come to follows from this alone. */
export interface Caller {
  readonly name: string;
  readonly bearer: string | null;
  readonly role: TenantRole;
  /** Whether they belong to another tenant than the one that is called about. */
  readonly isForeign: boolean;
  /** Their role on the project that is called about; null where it is not there for them. */
  readonly projectRole: ProjectRole | null;
  /** Whether their token holds for some projects only. */
  readonly isBound: boolean;
  readonly scopes: readonly string[];
  readonly isAlive: boolean;
  readonly address: string;
}

/** What must leave the process, or `null` where the call is admitted. */
export type Refused = {
  readonly status: number;
  readonly code: string;
  readonly scopes?: readonly string[];
} | null;

/** The verdict on a call, derived from what the tool says that it needs. */
export function verdictOn(caller: Caller, needs: Needs, tenant: 'active' | 'suspended'): Refused {
  if (caller.bearer === null || !caller.isAlive) return { status: 401, code: 'unauthenticated' };
  if (tenant === 'suspended' && !caller.isForeign) return { status: 403, code: 'tenant_suspended' };
  if (needs.scopes.some((scope) => !caller.scopes.includes(scope)))
    return { status: 403, code: 'insufficient_scope', scopes: needs.scopes };
  if (needs.role !== null && rank(caller.role) < rank(needs.role))
    return { status: 403, code: 'insufficient_role' };
  return null;
}

const rank = (role: TenantRole) => TENANT_ROLES.indexOf(role);

/**
 * Whether a call that is admitted to the tenant and names the project is refused by the role on it. A role on a project
 * stands for one in the tenant: who reads, who changes, who administers.
 */
export function lacksProjectRole({ projectRole }: Caller, { role }: Needs): boolean {
  const needed = role === null ? 0 : { viewer: 0, member: 1, admin: 2, owner: 2 }[role];
  return projectRole !== null && PROJECT_ROLES.indexOf(projectRole) < needed;
}

/** Everybody who calls: each role, each way to be weaker than one's role, each way to be dead, and who is nobody here. */
export async function settleCallers(
  stack: TestStack,
  tenant: TenantId,
  project: string,
): Promise<readonly Caller[]> {
  const callers = await Promise.all([
    tokensOfRoles(stack, tenant),
    weakTokens(stack, tenant),
    dead(stack, tenant),
    agents(stack, tenant),
    foreign(stack),
  ]);
  return [...callers.flat(), ...(await rolesOnProject(stack, tenant, project))];
}

const caller = (name: string, bearer: string | null, more: Partial<Caller> = {}): Caller => ({
  name,
  bearer,
  role: 'owner',
  isForeign: false,
  projectRole: 'owner',
  isBound: false,
  scopes: ALL_SCOPES,
  isAlive: true,
  address: newAddress(),
  ...more,
});

async function tokenOf(stack: TestStack, wish: PersonWish): Promise<string> {
  return (await settlePerson(stack, wish)).token;
}

function tokensOfRoles(stack: TestStack, tenant: TenantId): Promise<Caller[]> {
  return Promise.all(
    TENANT_ROLES.map(async (role) =>
      caller(role, await tokenOf(stack, { name: `A-${role}`, tenant, role }), { role }),
    ),
  );
}

function weakTokens(stack: TestStack, tenant: TenantId): Promise<Caller[]> {
  const lacking = ALL_SCOPES.map(async (lacked) => {
    const scopes = ALL_SCOPES.filter((scope) => scope !== lacked);
    return caller(
      `an owner's token without ${lacked}`,
      await tokenOf(stack, { name: 'Olga', tenant, scopes }),
      {
        scopes,
      },
    );
  });
  const lowered = async () =>
    caller(
      "an owner's token lowered to viewer",
      await tokenOf(stack, { name: 'Olga', tenant, roleCeiling: 'viewer' }),
      { role: 'viewer' },
    );
  return Promise.all([...lacking, lowered()]);
}

function dead(stack: TestStack, tenant: TenantId): Promise<Caller[]> {
  const sql = (text: string, value: string) => queryAs(stack.superuserUrl, text, [value]);
  const ended = async (
    name: string,
    wish: Partial<PersonWish>,
    end: (tokenId: TokenId, user: string) => unknown,
  ) => {
    const person = await settlePerson(stack, { name: `Ed-${name.replaceAll(/\W/g, '')}`, tenant, ...wish });
    await end(person.tokenId, person.user);
    return caller(name, person.token, { isAlive: false });
  };
  return Promise.all([
    caller('nobody', null),
    ended('an expired token', { expiresAt: new Date(Date.now() - 1000) }, () => {}),
    ended('a revoked token', {}, (tokenId) =>
      asOperator(stack.ownerUrl, (operator) => operator.revokeToken(tokenId)),
    ),
    ended('a disabled person', {}, (_token, user) =>
      sql("update app.users set status = 'disabled' where user_id = $1", user),
    ),
    ended('a former member', {}, (_token, user) =>
      sql("update app.memberships set status = 'ended' where user_id = $1", user),
    ),
  ]);
}

async function agents(stack: TestStack, tenant: TenantId): Promise<Caller[]> {
  const [owner, viewer] = await Promise.all([
    settleAccount(stack, { name: 'Oona', tenant, role: 'owner' }),
    settleAccount(stack, { name: 'Vito', tenant, role: 'viewer' }),
  ]);
  const ofOwner = await signedIn(stack, owner);
  const ofViewer = await signedIn(stack, viewer);
  const all = { scope: ALL_SCOPES.join(' ') };
  const whole = await connect(stack, ofOwner, all);
  const weak = await connect(stack, ofOwner, { scope: 'projects:read' });
  const low = await connect(stack, ofViewer, all);
  const ended = await connect(stack, ofOwner, all);
  await postForm(stack, '/oauth/revoke', {
    client_id: ended.client.client_id,
    token: ended.tokens.refresh_token,
  });
  return [
    caller("an owner's agent", whole.tokens.access_token),
    caller("an owner's agent that may only read", weak.tokens.access_token, { scopes: ['projects:read'] }),
    caller("a viewer's agent", low.tokens.access_token, { role: 'viewer' }),
    caller('a revoked agent', ended.tokens.access_token, { isAlive: false }),
    caller('an agent whose access token has expired', await expiredCopy(stack, whole.tokens.access_token), {
      isAlive: false,
    }),
  ];
}

/** Restricts the project to all who are members of the tenant by now; and those to whom it means something else. */
async function rolesOnProject(stack: TestStack, tenant: TenantId, project: string): Promise<Caller[]> {
  const sql = (text: string, ...values: unknown[]) =>
    queryAs(stack.superuserUrl, text, [tenant, project, ...values]);
  await sql('update app.projects set restricted = true where tenant_id = $1 and project_id = $2');
  await sql(
    `insert into app.project_members (tenant_id, project_id, user_id, role)
     select tenant_id, $2, user_id, 'owner' from app.memberships where tenant_id = $1 on conflict do nothing`,
  );
  const give = (user: string, role: ProjectRole) =>
    sql(
      'insert into app.project_members (tenant_id, project_id, user_id, role) values ($1, $2, $3, $4)',
      user,
      role,
    );
  const withRole = async (role: ProjectRole) => {
    const person = await settlePerson(stack, { name: `P-${role}`, tenant });
    await give(person.user, role);
    return caller(`an owner who is ${role} of the project`, person.token, { projectRole: role });
  };
  const olga = await settlePerson(stack, { name: 'Olga', tenant });
  const elsewhere = await callTool(stack, olga.token, 'create_project', { name: 'Elsewhere' });
  const bound = (name: string, to: unknown, projectRole: ProjectRole | null) =>
    tokenOf(stack, { name: 'Olga', tenant, projects: [String(to)] }).then((token) =>
      caller(name, token, { projectRole, isBound: true }),
    );
  return Promise.all([
    withRole('viewer'),
    withRole('editor'),
    caller(
      'an owner of the tenant who is nothing in the project',
      await tokenOf(stack, { name: 'Odo', tenant }),
      { projectRole: null },
    ),
    bound("an owner's token for another project", elsewhere.structured.project, null),
    bound("an owner's token for the project", project, 'owner'),
  ]);
}

async function foreign(stack: TestStack): Promise<Caller[]> {
  const mallory = await settleAccount(stack, { name: 'Mallory' });
  const agent = await connect(stack, await signedIn(stack, mallory), { scope: ALL_SCOPES.join(' ') });
  const nowhere = { isForeign: true, projectRole: null };
  return [
    caller('Mallory, an owner of another tenant', mallory.token, nowhere),
    caller("Mallory's agent", agent.tokens.access_token, nowhere),
  ];
}
