/** What a caller must show for a route. Whatever is not `public` and shows nothing gets 401. */
export type Credential = 'public' | 'api_token' | 'executor' | 'join_token' | 'capability';

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'ALL';
  readonly path: string;
  readonly credential: Credential;
  readonly what: string;
}

/**
 * Every route of the Worker with its credential. `app.ts` can add no route that is not here, and a path that is not
 * here is answered like one that needs a credential, so that nothing is learned from the difference.
 */
export const ROUTES = [
  { method: 'GET', path: '/', credential: 'public', what: 'what this is, and how to connect a client' },
  { method: 'GET', path: '/assets/:file', credential: 'public', what: 'style and script of the pages' },
  { method: 'GET', path: '/healthz', credential: 'public', what: 'whether the start-up checks pass' },
  {
    method: 'ALL',
    path: '/mcp',
    credential: 'api_token',
    what: 'the MCP endpoint; a browser is shown the page of /',
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
] as const satisfies readonly Route[];

type KeyOf<Entry extends Route> = Entry extends Route ? `${Entry['method']} ${Entry['path']}` : never;
export type RouteKey = KeyOf<(typeof ROUTES)[number]>;
