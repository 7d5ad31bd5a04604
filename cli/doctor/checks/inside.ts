import { type Check, failed, ok, plain, skipped, type Verdict } from '../check.ts';
import type { Inside } from '../seen.ts';

const STARTS_NOT = 'it refuses to start where one of these does not hold, and says the same list';

/** What is not seen from outside: the findings with which programs of this machine refuse to start, and what its database tells. */
export const INSIDE_CHECKS: readonly Check[] = [
  {
    id: 'launcher',
    says: 'The secrets of the stack in the state folder may be used',
    why: STARTS_NOT,
    judge: ({ inside }) =>
      judgeProgram(inside?.launcher ?? null, 'No stack was ever started in the state folder.'),
  },
  {
    id: 'executor',
    says: 'The executor of the stack in the state folder may start',
    why: STARTS_NOT,
    judge: ({ inside }) => judgeProgram(inside?.executor ?? null, 'It has no executor of its own.'),
  },
  {
    id: 'database',
    says: 'The database may be served: its migrations are those of this version, its keys are not overdue, its catalogue keeps tenants apart',
    why: 'the Worker answers 503 where it is not so',
    judge: ({ inside }) => judgeProgram(inside?.database?.findings ?? null, NO_DATABASE),
  },
  {
    id: 'blobs',
    says: 'Every blob lies sealed with the newest key of its tenant, or waits for it',
    why: 'a blob whose bytes are not those of its name is read by nobody',
    judge: ({ inside }) => judgeBlobs(inside?.database ?? null),
  },
];

const NO_DATABASE =
  'No database is at hand: a stack that runs in the state folder, or DATABASE_OWNER_URL, gives one.';

function judgeProgram(findings: readonly string[] | null, why: string): Verdict {
  if (findings === null) return skipped(why);
  return findings.length === 0
    ? ok('Nothing is said against it.')
    : failed(
        `It is refused:${findings.map((finding) => `\n      - ${plain(finding, 500)}`).join('')}`,
        'each says its remedy',
      );
}

const SHOWN_MAX = 5;

function judgeBlobs(database: Inside['database']): Verdict {
  if (database === null) return skipped(NO_DATABASE);
  if (database.blobs === null) return skipped('It was not looked: what is said of the database comes first.');
  const { waiting, damaged } = database.blobs;
  const waits =
    waiting === 0
      ? 'None waits.'
      : `${waiting} wait: the cron of the Worker seals some hundreds a minute (./causeway keys status).`;
  if (damaged.length === 0) return ok(waits);
  const named = damaged.slice(0, SHOWN_MAX).map(({ tenant, sha256 }) => `\n      - ${tenant}/${sha256}`);
  return failed(
    `${damaged.length} are damaged:${named.join('')}${damaged.length > SHOWN_MAX ? '\n      - ...' : ''}`,
    'restore them from a backup, then ./causeway keys reseal',
  );
}
