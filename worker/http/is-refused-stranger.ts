/** Routes at which a secret, code or password is tried: there a 400 or 422 may refuse it, which elsewhere is about the input. */
const SECRET_ROUTES = ['POST /login', 'POST /oauth/token'];

/** Routes at which the credential of somebody else may be tried, so that a caller who is signed in counts as a stranger too. */
const SIGN_IN_ROUTES = [...SECRET_ROUTES, 'POST /api/v1/session'];

/** Pages of one-time links. A guessed link is answered by 404; the holder of a right one may well type what is refused. */
const LINK_ROUTES = /^\w+ \/(recovery|invitations)\/:link$/;

/** Routes of agents. A 401 to one that shows no credential only tells it how to sign in. */
const AGENT_ROUTES = /^\w+ (\/mcp(\/ws)?|\(unknown path\))$/;

/** Whether an answer refuses somebody before it is known who they are. Pure. */
export function isRefusedStranger({
  route,
  status,
  isKnown,
  showsCredential,
}: {
  readonly route: string;
  readonly status: number;
  readonly isKnown: boolean;
  readonly showsCredential: boolean;
}): boolean {
  if (LINK_ROUTES.test(route) && status === 404) return true;
  if (isKnown && !SIGN_IN_ROUTES.includes(route)) return false;
  if (status === 401) return showsCredential || !AGENT_ROUTES.test(route);
  if (status === 403 || status === 429) return true;
  return (status === 400 || status === 422) && SECRET_ROUTES.includes(route);
}
