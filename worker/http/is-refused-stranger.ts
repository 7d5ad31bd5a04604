/** Where a wrong secret, code or password is answered by a status that says something else elsewhere. */
const ASKS_WHO = ['POST /login', 'POST /oauth/token'];

/** Whose links are guessed: a wrong one is not there, and who has a right one may well type what is not taken. */
const LINKS = /^\w+ \/(recovery|invitations)\/:link$/;

/** Where a credential of another is tried, whoever one is oneself. */
const TRIES = [...ASKS_WHO, 'POST /api/v1/session'];

/** Whether an answer refuses somebody who is not known. Who comes to /mcp with nothing is told how to sign in, and that is all. Pure. */
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
  if (LINKS.test(route) && status === 404) return true;
  if (isKnown && !TRIES.includes(route)) return false;
  if (status === 401) return showsCredential || !BEARER_ROUTES.test(route);
  if (status === 403 || status === 429) return true;
  return (status === 400 || status === 422) && ASKS_WHO.includes(route);
}

const BEARER_ROUTES = /^\w+ (\/mcp(\/ws)?|\(unknown path\))$/;
