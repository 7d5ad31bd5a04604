import { API_ROOT, type ApiRoute } from '../api/route.ts';
import { API_ROUTES, type OperationName } from '../api/routes/index.ts';
import { PAGE_ROUTES, type PageKey } from './page-routes.ts';
import type { OtherRoute, Route } from './route.ts';

const OTHER_ROUTES = [
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
  {
    method: 'POST',
    path: '/executor/rotate-key',
    credential: 'executor',
    what: 'gives an executor another key, by the word of the present one',
  },
  {
    method: 'POST',
    path: '/executor/refused-image',
    credential: 'executor',
    what: 'records that a host does not use its sandbox image, and why',
  },
  {
    method: 'POST',
    path: '/executor/fleet',
    credential: 'operator',
    what: 'makes a pool look at once at what the operator changed, and says how it stands',
  },
  {
    method: 'POST',
    path: '/operator/tenants/:tenant/attend',
    credential: 'operator',
    what: 'makes the Worker heed that a tenant was suspended or is to be deleted, and says how far that is',
  },
  {
    method: 'GET',
    path: '/operator/tenants/:tenant/export',
    credential: 'operator',
    what: 'a part of the archive of a tenant',
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
] as const satisfies readonly OtherRoute[];

/**
 * The routes of the Worker with their credentials, but for those of the management API. `app.ts` can add no route that
 * is not here. A path that is not here is answered like one that needs a credential, so that a stranger cannot tell
 * them apart.
 */
export const FIXED_ROUTES = [...OTHER_ROUTES, ...PAGE_ROUTES];

type KeyOf<Entry extends OtherRoute> = Entry extends OtherRoute
  ? `${Entry['method']} ${Entry['path']}`
  : never;
export type RouteKey = KeyOf<(typeof OTHER_ROUTES)[number]> | PageKey;

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
