import type { TenantId } from '../../protocol/ids.ts';
import type { ApiAccess } from '../../worker/api/route.ts';
import type { TenantRole } from '../../worker/tenants/roles.ts';
import { type ApiAnswer, ApiClient, apiSession } from './api.ts';
import { connect, signedIn } from './oauth.ts';
import { settlePerson } from './people.ts';
import { queryAs } from './query-as.ts';
import type { TestStack } from './stack.ts';
import { settleAccount } from './visitor.ts';

/** Somebody who calls the management API; what a call of theirs must come to follows from this alone. */
export interface ApiCaller {
  readonly name: string;
  readonly client: ApiClient;
  readonly headers: Readonly<Record<string, string>>;
  /** Their role in the tenant that is called about; null where they have none there. */
  readonly role: TenantRole | null;
  readonly administersAnother: boolean;
  readonly isSignedIn: boolean;
}

export type Verdict = { readonly status: number; readonly code: string } | null;

/** What must leave the process; null where the call is admitted. */
export function apiVerdict(caller: ApiCaller, access: ApiAccess): Verdict {
  if (access === 'public') return null;
  if (!caller.isSignedIn) return { status: 401, code: 'unauthenticated' };
  if (access === 'person') return null;
  const rank = caller.role === null ? 0 : ['viewer', 'member', 'admin', 'owner'].indexOf(caller.role);
  if (access === 'session')
    return rank >= 2 || caller.administersAnother ? null : { status: 403, code: 'insufficient_role' };
  if (caller.role === null) return { status: 404, code: 'not_found' };
  return rank >= (access === 'owner' ? 3 : 2) ? null : { status: 403, code: 'insufficient_role' };
}

export function codeOf({ status, body }: ApiAnswer): Verdict {
  return { status, code: (body?.error as { code: string } | undefined)?.code ?? '' };
}

/** Each role, each way to be nobody here, and each credential that is no session. */
export async function settleApiCallers(stack: TestStack, tenant: TenantId): Promise<readonly ApiCaller[]> {
  const caller = (name: string, more: Partial<ApiCaller> = {}): ApiCaller => ({
    ...{ name, client: new ApiClient(stack), headers: {}, role: null },
    ...{ administersAnother: false, isSignedIn: false, ...more },
  });
  const someone = (name: string, role: TenantRole) => settleAccount(stack, { name, tenant, role });
  const ofRole = async (role: TenantRole) => {
    const client = await apiSession(stack, await someone(`A-${role}`, role));
    return caller(`a signed-in ${role}`, { client, role, isSignedIn: true });
  };
  const ended = async (name: string, sql: string) => {
    const owner = await someone(`Ed-${name.replaceAll(/\W/g, '')}`, 'owner');
    const client = await apiSession(stack, owner);
    await queryAs(stack.superuserUrl, sql, [owner.user]);
    return caller(name, { client });
  };
  const former = async () => {
    const owner = await someone('Fay', 'owner');
    const client = await apiSession(stack, owner);
    await queryAs(stack.superuserUrl, "update app.memberships set status = 'ended' where user_id = $1", [
      owner.user,
    ]);
    return caller('a former owner', { client, isSignedIn: true });
  };
  const bearer = async () => {
    const owner = await settlePerson(stack, { name: 'Tom', tenant });
    return caller("an owner's API token", { headers: { authorization: `Bearer ${owner.token}` } });
  };
  const agent = async () => {
    const owner = await someone('Oona', 'owner');
    const { tokens } = await connect(stack, await signedIn(stack, owner));
    return caller("an owner's agent", { headers: { authorization: `Bearer ${tokens.access_token}` } });
  };
  const foreign = async () => {
    const client = await apiSession(stack, await settleAccount(stack, { name: 'Mallory' }));
    return caller('Mallory, an owner of another tenant', {
      ...{ client, isSignedIn: true, administersAnother: true },
    });
  };
  return Promise.all([
    caller('nobody'),
    caller('a made-up cookie', { client: new ApiClient(stack, 'x'.repeat(43)) }),
    bearer(),
    agent(),
    ended('an ended session', 'update app.sessions set revoked_at = now() where user_id = $1'),
    ended(
      'an expired session',
      "update app.sessions set idle_until = now() - interval '1 second' where user_id = $1",
    ),
    ended('a disabled person', "update app.users set status = 'disabled' where user_id = $1"),
    former(),
    ofRole('viewer'),
    ofRole('member'),
    ofRole('admin'),
    ofRole('owner'),
    foreign(),
  ]);
}
