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
  | 'operator'
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
 * - `admin`: admins and owners of the team;
 * - `owner`: its owners.
 * A team that is not theirs, or is suspended, is not there; nor is, to whoever may not, what is named without its team.
 * The database decides; the tests hold each page against this.
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
