import pg from 'pg';
import { withAuditOperator } from '../../cli/database/audit-operator.ts';
import { newId } from '../../protocol/ids.ts';
import { sealAll } from '../../worker/audit/seal-log.ts';
import type { ScratchDatabase } from './open-scratch-database.ts';

export interface Sealing {
  readonly events: number;
  readonly tenants: number;
  readonly seconds: number;
  readonly perSecond: number;
}

const TENANTS = 20;

/** Seals so many events of some tenants as the cron does, in transactions of its size. */
export async function measureSealing(database: ScratchDatabase, events: number): Promise<Sealing> {
  const superuser = new pg.Client({ connectionString: database.superuserUrl });
  await superuser.connect();
  try {
    const tenants = Array.from({ length: TENANTS }, () => newId('tenant'));
    await superuser.query(
      "insert into app.tenants (tenant_id, name) select unnest($1::text[]), 'Benchmark'",
      [tenants],
    );
    await superuser.query(
      `insert into app.audit_events (tenant_id, credential_kind, action, target_kind, target_id, outcome, details, request_id,
                                     address, user_agent, input_sha256, input_bytes)
       select ($1::text[])[1 + n % cardinality($1::text[])], 'api_token', 'tool.call', 'tool', 'read_file', 'ok',
              jsonb_build_object('object', jsonb_build_object('project', 'prj_bench', 'path', 'forecast.py', 'n', n)),
              'req_' || n, '192.0.2.7', 'causeway-bench/1.0', repeat('0', 64), 120
         from generate_series(1, $2::integer) as n`,
      [tenants, events],
    );
  } finally {
    await superuser.end();
  }
  return withAuditOperator(database.ownerUrl, async ({ ask }) => {
    const startedMs = performance.now();
    const sealed = await sealAll({ ask });
    const seconds = (performance.now() - startedMs) / 1000;
    if (sealed < events) throw new Error(`${sealed} of ${events} events were sealed`);
    return { events: sealed, tenants: TENANTS, seconds, perSecond: Math.round(sealed / seconds) };
  });
}
