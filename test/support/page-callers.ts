import type { TenantId } from '../../protocol/ids.ts';
import type { PageRoute } from '../../worker/http/route.ts';
import type { TenantRole } from '../../worker/tenants/roles.ts';
import { signedIn } from './oauth.ts';
import { queryAs } from './query-as.ts';
import type { TestStack } from './stack.ts';
import { type Account, settleAccount, Visitor } from './visitor.ts';

/** Somebody with a browser; what a page of Acme's comes to for them follows from this alone. */
export interface PageCaller {
  readonly name: string;
  readonly browser: Visitor;
  readonly account: Account | null;
  /** Their role in Acme; null where they have none. */
  readonly role: TenantRole | null;
  readonly ownsProject: boolean;
  readonly isSignedIn: boolean;
  /** SQL that makes them who they are, once their forms are open. */
  readonly turnedBy: string | null;
}

/**
 * What leaves the process: the way to sign in; a page that is not there; one that says which right is missing; a list
 * that leaves out what is not theirs; or what was asked for.
 */
export type PageVerdict = 'sign in' | 'not there' | 'told' | 'left out' | 'done';

/** The verdict on a call about what is Bob's in Acme, derived from what the route says. */
export function pageVerdict(
  caller: PageCaller,
  { method, path, access }: PageRoute,
  tenant: 'active' | 'suspended',
): PageVerdict {
  if (path === '/logout') return 'done';
  if (!caller.isSignedIn) return 'sign in';
  if (access === 'person') return 'done';
  const isList = method === 'GET' && !path.includes(':');
  const namesTeam = !path.includes(':') || path.includes(':tenant');
  if (caller.role === null || tenant === 'suspended') return isList ? 'left out' : 'not there';
  const isAdmin = caller.role === 'admin' || caller.role === 'owner';
  switch (access) {
    case 'member':
      return 'done';
    case 'own':
      return 'not there';
    case 'own_or_admin':
      return isAdmin ? 'done' : isList ? 'left out' : 'not there';
    case 'project_owner':
      return isAdmin || caller.ownsProject ? 'done' : 'told';
    case 'owner':
      return caller.role === 'owner' ? 'done' : 'told';
    case 'admin':
      if (isAdmin) return 'done';
      return isList ? 'left out' : namesTeam ? 'told' : 'not there';
  }
}

/** Each role, an owner of the project who is no admin, and each way to be nobody here. */
export async function settlePageCallers(
  stack: TestStack,
  tenant: TenantId,
  project: string,
): Promise<readonly PageCaller[]> {
  const nobody = { account: null, role: null, ownsProject: false, isSignedIn: false, turnedBy: null };
  const ofRole = async (role: TenantRole, more: Partial<PageCaller> = {}): Promise<PageCaller> => {
    const name = more.name ?? `${/^[aeo]/.test(role) ? 'an' : 'a'} ${role}`;
    const account = await settleAccount(stack, { name: `P-${name.replaceAll(' ', '-')}`, tenant, role });
    const browser = await signedIn(stack, account);
    return { ...nobody, browser, account, role, isSignedIn: true, ...more, name };
  };
  const after = async (name: string, turnedBy: string, isSignedIn = false): Promise<PageCaller> => ({
    ...(await ofRole('owner', { name })),
    ...{ role: null, isSignedIn, turnedBy },
  });
  const projectOwner = async (): Promise<PageCaller> => {
    const caller = await ofRole('member', { name: 'a member who owns the project', ownsProject: true });
    await queryAs(
      stack.superuserUrl,
      "insert into app.project_members (tenant_id, project_id, user_id, role) values ($1, $2, $3, 'owner')",
      [tenant, project, caller.account?.user],
    );
    return caller;
  };
  const foreign = async (): Promise<PageCaller> => {
    const account = await settleAccount(stack, { name: 'Mallory' });
    const browser = await signedIn(stack, account);
    return { ...nobody, name: 'Mallory, an owner of another tenant', browser, account, isSignedIn: true };
  };
  return Promise.all([
    { ...nobody, name: 'nobody', browser: new Visitor(stack) },
    after('somebody who signed out', 'update app.sessions set revoked_at = now() where user_id = $1'),
    after('a disabled owner', "update app.users set status = 'disabled' where user_id = $1"),
    after('a former owner', "update app.memberships set status = 'ended' where user_id = $1", true),
    ofRole('viewer'),
    ofRole('member'),
    ofRole('admin'),
    ofRole('owner'),
    projectOwner(),
    foreign(),
  ]);
}
