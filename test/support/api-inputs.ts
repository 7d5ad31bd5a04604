import { asOperator } from '../../cli/database/operator.ts';
import { type IdKind, newId, type TenantId, type UserId } from '../../protocol/ids.ts';
import type { OperationName } from '../../worker/api/routes/index.ts';
import type { ApiClient, ApiInput } from './api.ts';
import { operatorOf } from './fleet.ts';
import { callTool } from './mcp-call.ts';
import { claimsOf, connect, signedIn } from './oauth.ts';
import { settlePerson } from './people.ts';
import { playExecutor } from './played-executor.ts';
import { queryAs } from './query-as.ts';
import type { TestStack } from './stack.ts';
import { type Account, PASSWORD, settleAccount } from './visitor.ts';

/** A tenant with something of each kind that the management API acts on. */
export interface ApiWorld {
  readonly stack: TestStack;
  readonly tenant: TenantId;
  /** A member of it alone, signed in. */
  readonly member: Account;
  readonly memberSession: string;
  readonly invitation: string;
  readonly grant: string;
  /** The client that a grant of the member's was given to. */
  readonly client: string;
  /** A project on which the member has a role. */
  readonly project: string;
  /** A pool of the tenant, and an executor that has joined it. */
  readonly pool: string;
  readonly executor: string;
  /** A webhook that gets the audit log. */
  readonly sink: string;
}

let emails = 0;
export const newEmail = () => `guest-${process.pid}-${emails++}@example.org`;

/** Settles what the calls are about. `owner` is signed in as an owner of the tenant. */
export async function settleApiWorld(
  stack: TestStack,
  tenant: TenantId,
  owner: ApiClient,
): Promise<ApiWorld> {
  const member = await settleAccount(stack, { name: 'Bob', tenant, role: 'member' });
  const world = { stack, tenant, member };
  const { grant, client } = await newGrant(stack, member);
  return {
    ...world,
    memberSession: await newMemberSession(stack, member, owner, tenant),
    invitation: await newInvitation(owner, tenant),
    ...{ grant, client },
    project: await newProject(stack, member, owner),
    ...(await newExecutor(stack, tenant)),
    sink: await newSink(owner, tenant),
  };
}

async function newMemberSession(
  stack: TestStack,
  member: Account,
  owner: ApiClient,
  tenant: string,
): Promise<string> {
  await signedIn(stack, member);
  const { sessions } = await owner.get<{ sessions: { session: string }[] }>('listSessions', {
    params: { tenant },
    query: { user: member.user, limit: '1' },
  });
  return sessions[0]?.session ?? '';
}

async function newInvitation(owner: ApiClient, tenant: string): Promise<string> {
  const body = { email: newEmail(), role: 'viewer' };
  const made = await owner.get<{ invitation: string }>('createInvitation', { params: { tenant }, body });
  return made.invitation;
}

export async function newGrant(
  stack: TestStack,
  member: Account,
): Promise<{ readonly grant: string; readonly client: string; readonly accessToken: string }> {
  const { client, tokens } = await connect(stack, await signedIn(stack, member), { scope: 'projects:read' });
  const accessToken = tokens.access_token;
  return { grant: String(claimsOf(accessToken).gid), client: client.client_id, accessToken };
}

export async function newToken(person: ApiClient, tenant: string): Promise<string> {
  const body = { name: 'nightly', scopes: ['projects:read'], role: 'viewer' };
  return (await person.get<{ token: string }>('createToken', { params: { tenant }, body })).token;
}

async function newProject(stack: TestStack, member: Account, owner: ApiClient): Promise<string> {
  const { tenant } = member;
  const made = await callTool(stack, member.token, 'create_project', { name: `Of ${member.user}` });
  const project = String(made.structured.project);
  await callTool(stack, member.token, 'import_data', {
    project,
    name: 'sales',
    format: 'csv',
    text: 'eur\n5\n',
  });
  const { user } = await settlePerson(stack, { name: 'Pia', tenant });
  await owner.get('setProjectMember', { params: { tenant, project, user }, body: { role: 'owner' } });
  return project;
}

export async function newSink(
  owner: ApiClient,
  tenant: string,
  url = 'https://sink.example.org/audit',
): Promise<string> {
  const body = { url };
  return (await owner.get<{ sink: string }>('addAuditSink', { params: { tenant }, body })).sink;
}

export async function addDeadLetter(stack: TestStack, tenant: string, sink: string): Promise<void> {
  const first = emails++;
  await queryAs(
    stack.superuserUrl,
    "insert into app.audit_dead_letters (tenant_id, sink_id, from_leaf, until_leaf, reason) values ($1, $2, $3::bigint, $3::bigint + 1, 'http_500')",
    [tenant, sink, first],
  );
}

async function newExecutor(stack: TestStack, tenant: TenantId) {
  const pool = await operatorOf(stack).makePool(tenant, `cellar ${emails++}`);
  return { pool, executor: (await playExecutor(stack, { pool })).id };
}

/** A tenant of the caller's own, and how its deletion is asked for. */
async function newTenant(stack: TestStack, caller: ApiClient) {
  const [row] = await queryAs(
    stack.superuserUrl,
    `select u.user_id, u.email from app.users as u join app.sessions as s using (user_id)
      where s.cookie_sha256 = encode(sha256(convert_to($1, 'UTF8')), 'hex')`,
    [caller.cookie],
  );
  const [user, email] = [row?.user_id as UserId, String(row?.email)];
  const [tenant, name] = [newId('tenant'), 'Spare'];
  await asOperator(stack.ownerUrl, (operator) =>
    operator.provisionTenant({ tenant, tenantName: name, user, email, userName: email, role: 'owner' }),
  );
  return { params: { tenant }, body: { name, reason: 'a test' } };
}

/** What each operation is called with by whoever is refused: always the same targets, which must still be there after. */
export function apiInputs(world: ApiWorld): Readonly<Record<OperationName, ApiInput>> {
  const inTenant = { params: { tenant: world.tenant } };
  const ofProjectMember = {
    params: { tenant: world.tenant, project: world.project, user: world.member.user },
  };
  const withParam = (name: string, value: string) => ({ params: { tenant: world.tenant, [name]: value } });
  return {
    signIn: { body: { email: 'nobody@example.org', password: PASSWORD } },
    signOut: {},
    whoAmI: {},
    listOwnSessions: {},
    endOwnSession: { params: { session: world.memberSession } },
    endOtherOwnSessions: {},
    getTenant: inTenant,
    listRoles: inTenant,
    listUsers: inTenant,
    getUser: withParam('user', world.member.user),
    listSignIns: withParam('user', world.member.user),
    listSessions: inTenant,
    endSession: withParam('session', world.memberSession),
    listMembers: inTenant,
    getMember: withParam('user', world.member.user),
    changeRole: { ...withParam('user', world.member.user), body: { role: 'viewer' } },
    removeMember: withParam('user', world.member.user),
    listTokens: inTenant,
    getToken: withParam('token', world.member.tokenId),
    createToken: { ...inTenant, body: { name: 'nightly', scopes: ['projects:read'], role: 'viewer' } },
    rotateToken: withParam('token', world.member.tokenId),
    revokeToken: withParam('token', world.member.tokenId),
    listRequests: inTenant,
    listInvitations: inTenant,
    createInvitation: { ...inTenant, body: { email: newEmail(), role: 'viewer' } },
    withdrawInvitation: withParam('invitation', world.invitation),
    listClients: inTenant,
    endClient: { ...inTenant, body: { client: world.client } },
    changeClient: { ...inTenant, body: { client: world.client, blocked: true } },
    listGrants: inTenant,
    endGrant: withParam('grant', world.grant),
    listProjects: inTenant,
    changeProject: { ...withParam('project', world.project), body: { restricted: true } },
    listProjectMembers: withParam('project', world.project),
    setProjectMember: { ...ofProjectMember, body: { role: 'viewer' } },
    removeProjectMember: ofProjectMember,
    getAgentSees: inTenant,
    setAgentSees: { ...inTenant, body: { agent_sees: 'schema_only' } },
    listProjectData: withParam('project', world.project),
    setProjectAgentSees: { ...withParam('project', world.project), body: { agent_sees: 'schema_only' } },
    setDataAgentSees: {
      params: { tenant: world.tenant, project: world.project, source: 'sales' },
      body: { agent_sees: 'schema_only' },
    },
    listExecutors: inTenant,
    searchAudit: inTenant,
    listAuditSinks: inTenant,
    addAuditSink: { ...inTenant, body: { url: 'https://sink.example.org/audit' } },
    endAuditSink: withParam('sink', world.sink),
    resendAudit: { ...withParam('sink', world.sink), body: {} },
    requestDeletion: { ...inTenant, body: { name: 'another name' } },
    listDeletions: {},
    takeBackDeletion: inTenant,
    getRetention: inTenant,
    setRetention: { ...inTenant, body: { audit: 365, logs: 30, outputs: null, runs: 'default' } },
    createPool: { ...inTenant, body: { name: `attic ${emails++}` } },
    createJoinToken: withParam('pool', world.pool),
    changeExecutor: { ...withParam('executor', world.executor), body: { cordoned: true } },
    revokeExecutor: withParam('executor', world.executor),
    placeTenant: { ...inTenant, body: { placement: { labels: { region: 'eu' } } } },
    placeProject: { ...withParam('project', world.project), body: { labels: { region: 'eu' } } },
    getDocument: {},
  };
}

/** Targets of its own for a call that is admitted, where it ends what it is about. */
export async function freshInput(
  world: ApiWorld,
  name: OperationName,
  caller: ApiClient,
  owner: ApiClient,
): Promise<ApiInput> {
  const { stack, tenant, member } = world;
  switch (name) {
    case 'endSession':
      return { params: { tenant, session: await newMemberSession(stack, member, owner, tenant) } };
    case 'withdrawInvitation':
      return { params: { tenant, invitation: await newInvitation(owner, tenant) } };
    case 'endGrant':
      return { params: { tenant, grant: (await newGrant(stack, member)).grant } };
    case 'removeMember': {
      const { user } = await settleAccount(stack, { name: `Rob${emails++}`, tenant, role: 'member' });
      return { params: { tenant, user } };
    }
    case 'rotateToken':
    case 'revokeToken':
      return { params: { tenant, token: await newToken(caller, tenant) } };
    case 'revokeExecutor':
      return { params: { tenant, executor: (await newExecutor(stack, tenant)).executor } };
    case 'endAuditSink':
      return { params: { tenant, sink: await newSink(owner, tenant) } };
    case 'resendAudit':
      await addDeadLetter(stack, tenant, world.sink);
      return apiInputs(world).resendAudit;
    case 'removeProjectMember':
      await owner.get('setProjectMember', apiInputs(world).setProjectMember);
      return apiInputs(world).removeProjectMember;
    case 'listProjectData':
      await owner.get('changeProject', {
        params: { tenant, project: world.project },
        body: { restricted: false },
      });
      return apiInputs(world).listProjectData;
    case 'requestDeletion':
      return await newTenant(stack, caller);
    case 'takeBackDeletion': {
      const spare = await newTenant(stack, caller);
      await caller.get('requestDeletion', spare);
      return { params: spare.params };
    }
    case 'endOwnSession': {
      const { session } = await caller.get<{ session: string }>('whoAmI');
      return { params: { session } };
    }
    default:
      return apiInputs(world)[name];
  }
}

/** An id that nothing has, of the kind that a parameter of this name takes. */
export function absentId(name: string): string {
  return newId(name as IdKind);
}
