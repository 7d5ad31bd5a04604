import { type Check, failed, header, ok, type Verdict, withAnswer } from '../check.ts';
import { FOREIGN_ORIGIN } from '../probes.ts';
import type { Answer, Observations, ProbeName } from '../seen.ts';
import { described } from './documents.ts';

const ONLY_WORKER = 'lead every path of this host to the Worker and to nothing else';
const PASS_ORIGIN =
  'let the proxy pass Origin and Sec-Fetch-Site as they are, and answer no preflight by itself';

/** What a stranger and a page of another site get here: nothing. */
export const STRANGER_CHECKS: readonly Check[] = [
  {
    id: 'strangers',
    guarantees: ['G7', 'S6'],
    says: 'Whoever shows no credential is refused, and learns not what is there',
    why: 'an address that answers strangers is a way in, or tells them where to look for one',
    judge: (observed) =>
      judgeEach(observed, STRANGERS, ONLY_WORKER, (answer) =>
        answer.status === 401 ? null : `is answered ${described(answer)}, not 401`,
      ) ?? ok('Calls, sockets, administration and an address that is not there are answered 401 alike.'),
  },
  {
    id: 'foreign-pages',
    guarantees: ['G11'],
    says: 'A page of another site can do nothing here',
    why: 'a browser sends what another site tells it to, with what it holds for this one',
    judge: (observed) =>
      judgeEach(observed, FOREIGN, PASS_ORIGIN, (answer) => {
        const allowed = header(answer, 'access-control-allow-origin');
        if (allowed !== null && ['*', FOREIGN_ORIGIN].includes(allowed)) return `may be read by ${allowed}`;
        return answer.status === 403 ? null : `is answered ${described(answer)}, not 403`;
      }) ?? ok(`A call and a form of ${FOREIGN_ORIGIN} are answered 403.`),
  },
];

const STRANGERS: Partial<Record<ProbeName, string>> = {
  unknown: 'GET of an address that is not there',
  socket: 'GET /mcp/ws as a socket',
  administration: 'GET /api/v1/members',
};
const FOREIGN: Partial<Record<ProbeName, string>> = {
  foreignCall: `POST /mcp from ${FOREIGN_ORIGIN}`,
  foreignForm: `POST /login from ${FOREIGN_ORIGIN}`,
};

/** The first of `probes` that came to something else than it must; null where none did. */
function judgeEach(
  { seen }: Observations,
  probes: Partial<Record<ProbeName, string>>,
  remedy: string,
  findFault: (answer: Answer) => string | null,
): Verdict | null {
  for (const [name, what] of Object.entries(probes) as [ProbeName, string][]) {
    const verdict = withAnswer(seen[name], what, remedy, (answer) => {
      const fault = findFault(answer);
      return fault === null ? ok('') : failed(`${what} ${fault}.`, remedy);
    });
    if (verdict.state !== 'ok') return verdict;
  }
  return null;
}
