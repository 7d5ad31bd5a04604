/**
 * What a caller must show for a route. A caller without it gets 401, with two exceptions: at a page, a person without a
 * `session` is sent to sign in, and a one-time `link` that is used, expired or unknown is answered like a page that
 * does not exist. `administration` is the session of an admin or owner (for signing out, any session); such a route
 * exists only where the deployment serves the management API.
 */
export type Credential =
  | 'public'
  | 'api_token'
  | 'executor'
  | 'join_token'
  | 'operator'
  | 'capability'
  | 'session'
  | 'link'
  | 'administration';

/**
 * What a person may do by a page or a form, of those who are signed in:
 * - `person`: everybody, about themselves;
 * - `member`: whoever belongs to the team that it names; a list shows each of the person's teams;
 * - `own`: the person whose it is; for anybody else it does not exist;
 * - `own_or_admin`: the person whose it is, and the admins of the team; for anybody else it does not exist and is in no
 *   list;
 * - `project_owner`: owners of the project, and the admins of the team;
 * - `admin`: admins and owners of the team;
 * - `owner`: its owners. A team that the person does not belong to, or that is suspended, does not exist for them. Nor
 *   does anything that a path names without its team and that they may not reach. The database decides; the tests check
 *   each page against this.
 */
export type PageAccess = 'person' | 'member' | 'own' | 'own_or_admin' | 'project_owner' | 'admin' | 'owner';

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

/** A route of any other credential. */
export interface OtherRoute extends AnyRoute {
  readonly credential: Exclude<Credential, 'session'>;
}

export type Route = PageRoute | OtherRoute;
