import pg from 'pg';
import { Failure } from '../terminal/failure.ts';
import { hostInTheClear } from './host-in-the-clear.ts';

/** Logs in, does `work`, and logs out. Nothing is sent to another machine without TLS. */
export async function withClient<Result>(
  url: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  const host = hostInTheClear(client, url, process.env);
  if (host !== null) throw inTheClear(host);
  // A server that ends under it rejects the query that runs.
  client.on('error', () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function inTheClear(host: string): Failure {
  return new Failure({
    what: `Postgres on ${host} is not asked in the clear.`,
    why: 'its address does not say sslmode=verify-full, so whoever is on the way could read all of it, or be that server',
    remedy:
      'add ?sslmode=verify-full to it (and &sslrootcert=FILE where its authority is private), or call this on the machine of Postgres',
  });
}
