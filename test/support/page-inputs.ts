import { asOperator } from '../../cli/database/operator.ts';
import { newId, type UserId } from '../../protocol/ids.ts';
import type { PageKey } from '../../worker/http/page-routes.ts';
import { ALL_SCOPES } from '../../worker/tenants/scopes.ts';
import { type ApiClient, apiSession } from './api.ts';
import { addDeadLetter, newEmail, newGrant, newSink } from './api-inputs.ts';
import { MARKER } from './matrix-arguments.ts';
import { callTool } from './mcp-call.ts';
import {
  authorizePath,
  newPkce,
  postForm,
  type RegisteredClient,
  registerClient,
  signedIn,
} from './oauth.ts';
import type { PageCaller } from './page-callers.ts';
import { settlePerson } from './people.ts';
import { queryAs } from './query-as.ts';
import type { TestStack } from './stack.ts';
import { type Account, hiddenFields, newAddress, PASSWORD, settleAccount } from './visitor.ts';

/** What a page is opened or a form is sent with. */
export interface PageInput {
  readonly params?: Readonly<Record<string, string>>;
  readonly fields?: Readonly<Record<string, string>>;
}

/** Acme, with something of Bob's for each page; {@link MARKER} stands in the name of each. Bob himself calls nothing. */
export interface PageWorld {
  readonly stack: TestStack;
  readonly owner: ApiClient;
  readonly bob: Account;
  readonly teamName: string;
  readonly project: string;
  readonly run: string;
  readonly session: string;
  readonly invitation: string;
  readonly grant: string;
  readonly client: string;
  /** A webhook that gets the audit log. */
  readonly sink: string;
  /** A client that asks to be let in. */
  readonly asking: RegisteredClient;
}

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const BOB = `${MARKER}-Bob`;
const SINK_URL = `https://sink.example.org/${MARKER}`;

export async function settlePageWorld(stack: TestStack): Promise<PageWorld> {
  const ann = await settleAccount(stack, { name: 'Ann' });
  const { tenant } = ann;
  const owner = await apiSession(stack, ann);
  const bob = await settleAccount(stack, { name: BOB, tenant, role: 'member' });
  const made = await callTool(stack, bob.token, 'create_project', { name: `Plan ${MARKER}` });
  const project = String(made.structured.project);
  const code = `print("${MARKER}")`;
  await callTool(stack, bob.token, 'import_data', {
    ...{ project, name: 'sales', format: 'csv', text: 'month,eur\n2026-01,5\n' },
  });
  const ran = await callTool(stack, bob.token, 'run_code', { project, code });
  const body = { email: `${MARKER}-${tenant.slice(-8)}@example.org`.toLowerCase(), role: 'viewer' };
  const { invitation } = await owner.get<{ invitation: string }>('createInvitation', {
    ...{ params: { tenant }, body },
  });
  const { grant, client } = await newGrant(stack, bob);
  return {
    ...{ stack, owner, bob, invitation, grant, client, project },
    run: String(ran.structured.run),
    teamName: await nameOfTeam(stack, tenant),
    sink: await newSink(owner, tenant, SINK_URL),
    session: await newSession(stack, bob),
    asking: await registerClient(stack, { grant_types: ['authorization_code', DEVICE_GRANT] }),
  };
}

/** What only a caller's own pages give: the token of their forms, and what these carry sealed. */
export interface PageForms {
  readonly csrf: string;
  readonly consent: string;
  readonly device: string;
  readonly token: string;
}

export async function openForms({ stack, asking }: PageWorld, caller: PageCaller): Promise<PageForms> {
  if (caller.account === null) return { csrf: 'x', consent: 'x', device: 'x', token: 'x' };
  const hidden = async (path: string, action: string) =>
    hiddenFields(await (await caller.browser.get(path)).text(), action);
  const asked = await postForm(
    stack,
    '/oauth/device',
    { client_id: asking.client_id },
    { 'cf-connecting-ip': newAddress() },
  );
  const { user_code: userCode } = (await asked.json()) as { user_code: string };
  return {
    csrf: (await hidden('/account', '/logout')).csrf ?? '',
    consent: (await hidden(authorizePath(asking, newPkce()), '/oauth/authorize')).request ?? '',
    device: (await hidden(`/device?user_code=${userCode}`, '/device')).request ?? '',
    token: (await hidden('/tokens', '/tokens')).token ?? '',
  };
}

/** What each page is called with about what is Bob's. A page that is added tomorrow does not compile without it. */
export function pageInputs(world: PageWorld, forms: PageForms): Readonly<Record<PageKey, PageInput>> {
  const { tenant, user, email, tokenId } = world.bob;
  const ofProject = { tenant, project: world.project };
  const ofBob = { tenant, user };
  const ofClient = { params: { tenant }, fields: { client: world.client } };
  const decision = { tenant, decision: 'allow' };
  return {
    'POST /logout': {},
    'GET /account': {},
    'POST /account/password': {
      fields: { current_password: PASSWORD, new_password: `${PASSWORD} and one more` },
    },
    'POST /account/sessions/end-others': {},
    'POST /account/sessions/:session/end': { params: { session: world.session } },
    'GET /notices': {},
    'POST /notices': {},
    'GET /invitations': {},
    'POST /invitations': { fields: { tenant, email: newEmail(), role: 'viewer' } },
    'POST /invitations/:invitation/withdraw': { params: { invitation: world.invitation } },
    'POST /oauth/authorize': { fields: { ...decision, request: forms.consent } },
    'GET /device': {},
    'POST /device': { fields: { ...decision, request: forms.device } },
    'GET /agents': {},
    'POST /agents/:tenant/:grant/end': { params: { tenant, grant: world.grant } },
    'POST /agents/:tenant/end-client': ofClient,
    'POST /agents/:tenant/block-client': ofClient,
    'POST /agents/:tenant/unblock-client': ofClient,
    'GET /projects': {},
    'GET /projects/:tenant/:project': { params: ofProject },
    'POST /projects/:tenant/agent-sees': { params: { tenant }, fields: { agent_sees: 'schema_only' } },
    'POST /projects/:tenant/:project/agent-sees': {
      params: ofProject,
      fields: { agent_sees: 'schema_only' },
    },
    'POST /projects/:tenant/:project/data/:source/agent-sees': {
      ...{ params: { ...ofProject, source: 'sales' }, fields: { agent_sees: 'schema_only' } },
    },
    'POST /projects/:tenant/:project/visibility': { params: ofProject, fields: { restricted: 'yes' } },
    'POST /projects/:tenant/:project/members': { params: ofProject, fields: { email, role: 'editor' } },
    'POST /projects/:tenant/:project/members/:user/role': {
      ...{ params: { ...ofProject, user }, fields: { role: 'editor' } },
    },
    'POST /projects/:tenant/:project/members/:user/remove': { params: { ...ofProject, user } },
    'GET /runs/:tenant/:run': { params: { tenant, run: world.run } },
    'GET /runs/:tenant/:run/outputs/:name': { params: { tenant, run: world.run, name: 'stdout' } },
    'GET /members': {},
    'POST /members/:tenant/:user/role': { params: ofBob, fields: { role: 'viewer' } },
    'POST /members/:tenant/:user/remove': { params: ofBob },
    'GET /members/:tenant/:user/sign-ins': { params: ofBob },
    'GET /tokens': {},
    'POST /tokens': {
      fields: {
        ...{ tenant, token: forms.token, name: 'nightly', role: 'viewer', days: '1' },
        [`scope:${ALL_SCOPES[0]}`]: 'on',
      },
    },
    'POST /tokens/:tenant/:token/rotate': { params: { tenant, token: tokenId }, fields: { overlap: '60' } },
    'POST /tokens/:tenant/:token/revoke': { params: { tenant, token: tokenId } },
    'GET /requests': {},
    'GET /audit': {},
    'GET /audit/:tenant/export': { params: { tenant } },
    'GET /audit/sinks': {},
    'POST /audit/:tenant/sinks': { params: { tenant }, fields: { kind: 'webhook', url: SINK_URL } },
    'POST /audit/:tenant/sinks/:sink/resend': { params: { tenant, sink: world.sink } },
    'POST /audit/:tenant/sinks/:sink/end': { params: { tenant, sink: world.sink } },
    'GET /teams': {},
    'GET /teams/:tenant/export': { params: { tenant } },
    'POST /teams/:tenant/delete': { params: { tenant }, fields: { name: world.teamName } },
    'POST /teams/:tenant/keep': { params: { tenant } },
    'POST /teams/:tenant/retention': { params: { tenant }, fields: { logs: '30', audit: 'for-ever' } },
  };
}

/** What an admitted caller calls it with: their own, where only that is theirs to act on, and never what has ended. */
export async function admittedInput(
  world: PageWorld,
  key: PageKey,
  caller: PageCaller,
  forms: PageForms,
): Promise<PageInput> {
  const { stack, owner, bob, project } = world;
  const { tenant } = bob;
  const input = pageInputs(world, forms)[key];
  const own = caller.account;
  if (own === null) throw new Error(`${caller.name} has no account`);
  const isAdmin = caller.role === 'admin' || caller.role === 'owner';
  switch (key) {
    case 'POST /account/sessions/:session/end':
      return { params: { session: await newSession(stack, own) } };
    case 'POST /invitations/:invitation/withdraw': {
      const wish = { params: { tenant }, body: { email: newEmail(), role: 'viewer' } };
      const { invitation } = await owner.get<{ invitation: string }>('createInvitation', wish);
      return { params: { invitation } };
    }
    case 'POST /agents/:tenant/:grant/end':
      return { params: { tenant, grant: (await newGrant(stack, isAdmin ? bob : own)).grant } };
    case 'POST /projects/:tenant/:project/members/:user/remove': {
      const params = { tenant, project, user: bob.user };
      await owner.get('setProjectMember', { params, body: { role: 'editor' } });
      return input;
    }
    case 'POST /members/:tenant/:user/remove': {
      const { user } = await settlePerson(stack, { name: `Rob-${newEmail()}`, tenant, role: 'member' });
      return { params: { tenant, user } };
    }
    case 'POST /teams/:tenant/delete':
    case 'POST /teams/:tenant/keep': {
      const other = { tenant: newId('tenant'), name: 'Spare' };
      await asOperator(stack.ownerUrl, (operator) =>
        operator.provisionTenant({
          ...{ tenant: other.tenant, tenantName: other.name, user: own.user as UserId },
          ...{ email: own.email, userName: own.email, role: 'owner' },
        }),
      );
      const wish = { params: { tenant: other.tenant }, fields: { name: other.name } };
      const csrf = forms.csrf;
      if (key === 'POST /teams/:tenant/keep')
        await caller.browser.post(`/teams/${other.tenant}/delete`, { csrf, ...wish.fields });
      return wish;
    }
    case 'POST /audit/:tenant/sinks/:sink/end':
      return { params: { tenant, sink: await newSink(owner, tenant, SINK_URL) } };
    case 'POST /audit/:tenant/sinks/:sink/resend':
      await addDeadLetter(stack, tenant, world.sink);
      return input;
    case 'POST /tokens/:tenant/:token/rotate':
      return { ...input, params: { tenant, token: own.tokenId } };
    case 'POST /tokens/:tenant/:token/revoke': {
      const bobs = { name: BOB, tenant, role: 'member' } as const;
      return { params: { tenant, token: isAdmin ? (await settlePerson(stack, bobs)).tokenId : own.tokenId } };
    }
    default:
      return input;
  }
}

async function nameOfTeam(stack: TestStack, tenant: string): Promise<string> {
  const [row] = await queryAs(stack.superuserUrl, 'select name from app.tenants where tenant_id = $1', [
    tenant,
  ]);
  return String(row?.name);
}

async function newSession(stack: TestStack, account: Account): Promise<string> {
  await signedIn(stack, account);
  const [row] = await queryAs(
    stack.superuserUrl,
    'select session_id from app.sessions where user_id = $1 order by created_at desc limit 1',
    [account.user],
  );
  return String(row?.session_id);
}
