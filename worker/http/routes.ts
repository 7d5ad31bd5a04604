import { API_ROOT, type ApiRoute } from '../api/route.ts';
import { API_ROUTES, type OperationName } from '../api/routes/index.ts';

/**
 * What a caller must show for a route. Who shows nothing gets 401; but at a page, a person without a `session` is sent to
 * sign in, and a one-time `link` that is not alive is answered like a page that is not there. `administration` is a session,
 * but for signing out that of an admin or owner, and nothing is there unless the deployment serves the management API.
 */
export type Credential =
  | 'public'
  | 'api_token'
  | 'executor'
  | 'join_token'
  | 'capability'
  | 'session'
  | 'link'
  | 'administration';

/**
 * What a person may do by a page or a form, of those who are signed in:
 * - `person`: everybody, about themselves;
 * - `member`: whoever belongs to the team that it names; a list shows each of the person's teams;
 * - `own`: whose it is; what is somebody else's is not there;
 * - `own_or_admin`: whose it is, and the admins of the team; what is somebody else's is not there, and in no list;
 * - `project_owner`: owners of the project, and the admins of the team;
 * - `admin`: admins and owners of the team.
 * A team that is not theirs, or is suspended, is not there; nor is, to whoever may not, what is named without its team. The database decides; the tests hold each page against this.
 */
export type PageAccess = 'person' | 'member' | 'own' | 'own_or_admin' | 'project_owner' | 'admin';

interface AnyRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'ALL';
  readonly path: string;
  readonly what: string;
}

/** A page or form of somebody who is signed in. */
export interface PageRoute extends AnyRoute {
  readonly method: 'GET' | 'POST';
  readonly credential: 'session';
  readonly access: PageAccess;
}

interface OtherRoute extends AnyRoute {
  readonly credential: Exclude<Credential, 'session'>;
}

export type Route = PageRoute | OtherRoute;

/**
 * The routes of the Worker with their credentials, but for those of the management API. `app.ts` can add no route that is not here, and a path that is not
 * here is answered like one that needs a credential, so that nothing is learned from the difference.
 */
export const FIXED_ROUTES = [
  { method: 'GET', path: '/', credential: 'public', what: 'what this is, and how to connect a client' },
  {
    method: 'GET',
    path: '/assets/:file',
    credential: 'public',
    what: 'style and script of the pages, and icons',
  },
  { method: 'GET', path: '/healthz', credential: 'public', what: 'whether the start-up checks pass' },
  {
    method: 'ALL',
    path: '/mcp',
    credential: 'api_token',
    what: 'the MCP endpoint; a browser is shown the page of /',
  },
  {
    method: 'GET',
    path: '/mcp/ws',
    credential: 'api_token',
    what: 'the MCP endpoint over a WebSocket',
  },
  {
    method: 'PUT',
    path: '/uploads/:link',
    credential: 'capability',
    what: 'the bytes of an upload, once; the link is its credential',
  },
  {
    method: 'POST',
    path: '/executor/register',
    credential: 'join_token',
    what: 'makes an executor of a join token',
  },
  { method: 'GET', path: '/executor/connect', credential: 'executor', what: 'the socket on which jobs come' },
  { method: 'GET', path: '/executor/blobs/:sha256', credential: 'capability', what: 'an input of a job' },
  {
    method: 'PUT',
    path: '/executor/blobs/:sha256',
    credential: 'capability',
    what: 'takes an output of a job',
  },
  {
    method: 'GET',
    path: '/executor/runs/:run/feed',
    credential: 'capability',
    what: "the socket for a run's live output",
  },
  {
    method: 'GET',
    path: '/downloads/:link',
    credential: 'capability',
    what: 'an output of a run, as an attachment',
  },
  { method: 'GET', path: '/login', credential: 'public', what: 'the page that asks for email and password' },
  { method: 'POST', path: '/login', credential: 'public', what: 'signs a person in' },
  {
    method: 'POST',
    path: '/logout',
    credential: 'session',
    access: 'person',
    what: 'ends the session of the browser',
  },
  {
    method: 'GET',
    path: '/account',
    credential: 'session',
    access: 'person',
    what: 'the own teams, sessions, sign-ins and password',
  },
  {
    method: 'POST',
    path: '/account/password',
    credential: 'session',
    access: 'person',
    what: 'changes the own password',
  },
  {
    method: 'POST',
    path: '/account/sessions/end-others',
    credential: 'session',
    access: 'person',
    what: 'ends all own sessions but this',
  },
  {
    method: 'POST',
    path: '/account/sessions/:session/end',
    credential: 'session',
    access: 'own',
    what: 'ends one of the own sessions',
  },
  {
    method: 'GET',
    path: '/notices',
    credential: 'session',
    access: 'person',
    what: 'what an owner has to read before going on',
  },
  { method: 'POST', path: '/notices', credential: 'session', access: 'person', what: 'marks it as read' },
  {
    method: 'GET',
    path: '/invitations',
    credential: 'session',
    access: 'admin',
    what: 'open invitations of the teams that one administers',
  },
  {
    method: 'POST',
    path: '/invitations',
    credential: 'session',
    access: 'admin',
    what: 'makes an invitation',
  },
  {
    method: 'POST',
    path: '/invitations/:invitation/withdraw',
    credential: 'session',
    access: 'admin',
    what: 'withdraws an invitation',
  },
  { method: 'GET', path: '/invitations/:link', credential: 'link', what: 'what a link invites to' },
  { method: 'POST', path: '/invitations/:link', credential: 'link', what: 'accepts an invitation, once' },
  {
    method: 'GET',
    path: '/recovery/:link',
    credential: 'link',
    what: 'asks for a new password, by a link of ./causeway break-glass',
  },
  { method: 'POST', path: '/recovery/:link', credential: 'link', what: 'sets it, once' },
  {
    method: 'GET',
    path: '/.well-known/oauth-protected-resource',
    credential: 'public',
    what: 'metadata of the MCP endpoint (RFC 9728)',
  },
  {
    method: 'GET',
    path: '/.well-known/oauth-protected-resource/mcp',
    credential: 'public',
    what: 'the same, where RFC 9728 puts it for a path',
  },
  {
    method: 'GET',
    path: '/.well-known/oauth-authorization-server',
    credential: 'public',
    what: 'metadata of the authorization server (RFC 8414)',
  },
  {
    method: 'GET',
    path: '/.well-known/openid-configuration',
    credential: 'public',
    what: 'the same, for clients that look for OpenID Connect discovery',
  },
  { method: 'GET', path: '/oauth/jwks', credential: 'public', what: 'keys that verify access tokens' },
  { method: 'POST', path: '/oauth/register', credential: 'public', what: 'registers a client (RFC 7591)' },
  {
    method: 'GET',
    path: '/oauth/authorize',
    credential: 'public',
    what: 'asks a person whether an agent may act for them; signs them in first',
  },
  {
    method: 'POST',
    path: '/oauth/authorize',
    credential: 'session',
    access: 'member',
    what: "takes the person's decision",
  },
  {
    method: 'POST',
    path: '/oauth/token',
    credential: 'public',
    what: 'gives tokens for a code, a refresh token, a device or a client secret',
  },
  { method: 'POST', path: '/oauth/revoke', credential: 'public', what: 'ends a grant by a token (RFC 7009)' },
  {
    method: 'POST',
    path: '/oauth/device',
    credential: 'public',
    what: 'gives codes to a device that cannot be called back (RFC 8628)',
  },
  {
    method: 'GET',
    path: '/device',
    credential: 'session',
    access: 'person',
    what: 'asks for the code that a device shows',
  },
  {
    method: 'POST',
    path: '/device',
    credential: 'session',
    access: 'member',
    what: "takes the person's decision about it",
  },
  {
    method: 'GET',
    path: '/agents',
    credential: 'session',
    access: 'own_or_admin',
    what: 'the connected agents, and what each may do',
  },
  {
    method: 'POST',
    path: '/agents/:tenant/:grant/end',
    credential: 'session',
    access: 'own_or_admin',
    what: 'ends a connected agent',
  },
  {
    method: 'POST',
    path: '/agents/:tenant/end-client',
    credential: 'session',
    access: 'admin',
    what: 'ends all agents of a client in a team',
  },
  {
    method: 'POST',
    path: '/agents/:tenant/block-client',
    credential: 'session',
    access: 'admin',
    what: 'blocks a client in a team',
  },
  {
    method: 'POST',
    path: '/agents/:tenant/unblock-client',
    credential: 'session',
    access: 'admin',
    what: 'lets a client be let in again',
  },
  {
    method: 'GET',
    path: '/projects',
    credential: 'session',
    access: 'member',
    what: 'the projects of the own teams, and what one may do on each',
  },
  {
    method: 'GET',
    path: '/projects/:tenant/:project',
    credential: 'session',
    access: 'member',
    what: 'who works on a project',
  },
  {
    method: 'POST',
    path: '/projects/:tenant/:project/visibility',
    credential: 'session',
    access: 'project_owner',
    what: 'restricts a project to who has a role on it, or opens it',
  },
  {
    method: 'POST',
    path: '/projects/:tenant/:project/members',
    credential: 'session',
    access: 'project_owner',
    what: 'gives a member of the team a role on a project',
  },
  {
    method: 'POST',
    path: '/projects/:tenant/:project/members/:user/role',
    credential: 'session',
    access: 'project_owner',
    what: 'gives somebody another role on a project',
  },
  {
    method: 'POST',
    path: '/projects/:tenant/:project/members/:user/remove',
    credential: 'session',
    access: 'project_owner',
    what: 'takes a role on a project, the own one too',
  },
  {
    method: 'GET',
    path: '/members',
    credential: 'session',
    access: 'member',
    what: 'who belongs to the own teams, and with which role',
  },
  {
    method: 'POST',
    path: '/members/:tenant/:user/role',
    credential: 'session',
    access: 'admin',
    what: 'gives a member another role',
  },
  {
    method: 'POST',
    path: '/members/:tenant/:user/remove',
    credential: 'session',
    access: 'admin',
    what: 'ends a membership, the own one too',
  },
  {
    method: 'GET',
    path: '/members/:tenant/:user/sign-ins',
    credential: 'session',
    access: 'admin',
    what: 'how a member signed in, for admins',
  },
  {
    method: 'GET',
    path: '/tokens',
    credential: 'session',
    access: 'own_or_admin',
    what: 'the own API tokens; for admins those of the team',
  },
  {
    method: 'POST',
    path: '/tokens',
    credential: 'session',
    access: 'member',
    what: 'makes an API token, and shows it once',
  },
  {
    method: 'POST',
    path: '/tokens/:tenant/:token/rotate',
    credential: 'session',
    access: 'own',
    what: 'makes a successor of an own token, and shows it once',
  },
  {
    method: 'POST',
    path: '/tokens/:tenant/:token/revoke',
    credential: 'session',
    access: 'own_or_admin',
    what: 'ends a token',
  },
  {
    method: 'GET',
    path: '/requests',
    credential: 'session',
    access: 'own_or_admin',
    what: 'the request log: what was asked by tokens and agents',
  },
] as const satisfies readonly Route[];

type KeyOf<Entry extends Route> = Entry extends Route ? `${Entry['method']} ${Entry['path']}` : never;
export type RouteKey = KeyOf<(typeof FIXED_ROUTES)[number]>;
/** The pages and forms of somebody who is signed in. */
export type PageKey = KeyOf<Extract<(typeof FIXED_ROUTES)[number], PageRoute>>;

/** A route of the management API, with the name of its operation. */
export interface OperationRoute extends OtherRoute {
  readonly operation: OperationName;
}

/** The management API's part, made from its own table. */
export const OPERATION_ROUTES: readonly OperationRoute[] = Object.entries<ApiRoute>(API_ROUTES).map(
  ([operation, { method, path, access, summary }]) => ({
    operation: operation as OperationName,
    method,
    path: `${API_ROOT}${path}`,
    credential: access === 'public' ? 'public' : 'administration',
    what: summary,
  }),
);

/** Every route of the Worker. */
export const ROUTES: readonly Route[] = [...FIXED_ROUTES, ...OPERATION_ROUTES];
