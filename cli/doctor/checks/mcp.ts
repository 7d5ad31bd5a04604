import { type Check, failed, header, ok, quoted, skipped, withAnswer } from '../check.ts';
import { described } from './documents.ts';

const PASS_PATH = 'let the proxy pass POST /mcp to the Worker as it is';
const METADATA = /resource_metadata="([^"]*)"/i;

export const MCP_CHECKS: readonly Check[] = [
  {
    id: 'challenge',
    guarantees: ['G7'],
    says: 'An agent without a token is told where to get one',
    why: 'WWW-Authenticate is how an agent that knows only the address begins to sign in',
    judge: ({ seen, publicUrl }) =>
      withAnswer(seen.challenge, 'POST /mcp', PASS_PATH, (answer) => {
        if (answer.status !== 401)
          return failed(`POST /mcp without a token is answered ${described(answer)}, not 401.`, PASS_PATH);
        const challenge = header(answer, 'www-authenticate');
        if (challenge === null) {
          return failed(
            'The 401 has no WWW-Authenticate.',
            'something in front takes it away: let it pass the headers of answers',
          );
        }
        const named = METADATA.exec(challenge)?.[1];
        const wanted = `${publicUrl}/.well-known/oauth-protected-resource/mcp`;
        if (!/^Bearer /i.test(challenge) || named !== wanted) {
          return failed(
            `WWW-Authenticate is ${quoted(challenge)}, which does not name ${wanted}.`,
            'set PUBLIC_URL of the Worker to the address that people use, and let nothing in front rewrite headers',
          );
        }
        return header(answer, 'cache-control')?.includes('no-store') === true
          ? ok('The 401 names the metadata on the public address.')
          : failed(
              'The 401 may be cached.',
              'let the proxy pass Cache-Control as it is, and cache nothing of /mcp',
            );
      }),
  },
  {
    id: 'authorization',
    says: 'The Authorization header reaches the Worker',
    why: 'a call whose token is taken away on its way is a stranger’s',
    judge: ({ seen }) =>
      withAnswer(seen.badBearer, 'POST /mcp with a token that is none', PASS_PATH, (answer) => {
        const challenge = header(answer, 'www-authenticate');
        if (answer.status === 401 && challenge === null)
          return skipped('The 401 has no WWW-Authenticate, which would tell.');
        if (answer.status === 401 && challenge?.includes('error="invalid_token"'))
          return ok('A token that is none is refused as one.');
        return answer.status === 401
          ? failed(
              'A token that is none is answered like no token at all.',
              'let the proxy pass Authorization, and ask for no login of its own on this host',
            )
          : failed(`A token that is none is answered ${described(answer)}, not 401.`, PASS_PATH);
      }),
  },
  {
    id: 'mcp-call',
    says: 'An MCP call goes through, with its headers',
    why: 'clients of 2026-07-28 name version and method in headers, and are refused where these are missing',
    judge: ({ seen }) => {
      if (seen.withToken.kind === 'not_asked')
        return skipped('No token: set CAUSEWAY_TOKEN to an API token to have a call made.');
      return withAnswer(seen.withToken, 'POST /mcp', PASS_PATH, (answer) => {
        if (answer.status === 200) return ok('tools/list is answered.');
        if (answer.status === 401 || answer.status === 403) {
          return failed(
            `The token is refused (${answer.status}).`,
            'give CAUSEWAY_TOKEN a token of this deployment that is alive: ./causeway token create',
          );
        }
        return answer.status === 400
          ? failed(
              `tools/list is answered 400: ${quoted(answer.body)}.`,
              'let the proxy pass MCP-Protocol-Version and Mcp-Method, as any header that it does not know',
            )
          : failed(`tools/list is answered ${described(answer)}.`, PASS_PATH);
      });
    },
  },
];
