import type pg from 'pg';
import { SCHEMA_SECTIONS } from './schema-sections.ts';
import { withClient } from './with-client.ts';

const HEADER = `-- What the migrations make, printed from the catalogue: ./causeway migrate --print-schema > schema.sql
-- For review and for diffs, in alphabetical order; it is not meant to be executed. Do not edit.
`;

/**
 * Prints everything that the migrations made in a database: roles, schemas, domains, tables with policies and grants,
 * views, functions. Two databases with the same migrations print the same text.
 *
 * @param ownerUrl any login that may read the catalogue
 */
export function printSchema(ownerUrl: string): Promise<string> {
  return withClient(ownerUrl, printSchemaOn);
}

/** The same on a connection that is there, with what its transaction changed. */
export async function printSchemaOn(client: pg.Client): Promise<string> {
  // Names are printed with their schema, and in an order that does not depend on the server's locale.
  await client.query('set search_path = pg_catalog');
  const parts = [HEADER];
  for (const { title, sql } of SCHEMA_SECTIONS) {
    const { rows } = await client.query<{ text: string }>(
      `select text from (${sql}) as section order by object collate "C"`,
    );
    if (rows.length === 0) continue;
    parts.push(`\n-- ${title}\n`, ...rows.map(({ text }) => `\n${text}\n`));
  }
  return parts.join('');
}
