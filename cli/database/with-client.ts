import pg from 'pg';
import { Failure, reasonOf } from '../terminal/failure.ts';
import { hostInTheClear } from './host-in-the-clear.ts';

/** Logs in, does `work`, and logs out. Nothing is sent to another machine without TLS. */
export async function withClient<Result>(
  url: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  if (!/^postgres(ql)?:\/\//.test(url) || !URL.canParse(url))
    throw notOpened(
      'its address is none',
      'an address begins with postgres://, and what is special in its password is written as in a URL (%2F for a slash)',
    );
  const client = new pg.Client({ connectionString: url });
  const host = hostInTheClear(client, url, process.env);
  if (host !== null) throw inTheClear(host);
  // A server that ends under it rejects the query that runs.
  client.on('error', () => {});
  await client.connect().catch((thrown: NodeJS.ErrnoException) => {
    const reason = reasonOf(thrown) || `${thrown.code}`;
    throw notOpened(
      reason,
      'nothing answers at the address that was named, or not to this user and password',
    );
  });
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function notOpened(reason: string, why: string): Failure {
  return new Failure({
    what: `Postgres was not opened: ${reason}.`,
    why,
    remedy:
      'see that it runs, and what --database-url or DATABASE_OWNER_URL says: postgres://causeway_owner:<password>@HOST:PORT/DATABASE',
  });
}

function inTheClear(host: string): Failure {
  return new Failure({
    what: `Postgres on ${host} is not asked in the clear.`,
    why: 'its address does not say sslmode=verify-full, so whoever is on the way could read all of it, or be that server',
    remedy:
      'add ?sslmode=verify-full to it (and &sslrootcert=FILE where its authority is private), or call this on the machine of Postgres',
  });
}
