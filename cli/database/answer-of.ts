import type pg from 'pg';

/**
 * What a function of the database answers: the column `answer` of the one row that `sql` gives.
 *
 * @throws Error where there is no row, which is a bug in the statement
 */
export async function answerOf<Answer>(
  client: pg.Client,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Answer> {
  const { rows } = await client.query<{ answer: Answer }>(sql, [...values]);
  if (rows[0] === undefined) throw new Error(`the database gave no answer: ${sql}`);
  return rows[0].answer;
}
