import { queryAs } from './query-as.ts';
import type { TestStack } from './stack.ts';

const ACTIONS = [
  'tool.call',
  'resource.read',
  'resource.list',
  'prompt.get',
  'completion.get',
  'mcp.call',
  'api.call',
  'page.read',
];

/** The event of a call, as the database holds it; `code` is that of a refusal. */
export interface CallEventRow {
  readonly action: string;
  readonly target_id: string | null;
  readonly outcome: string;
  readonly code: string | null;
  readonly credential_id: string;
  readonly [column: string]: unknown;
}

/** The events of calls (not of what they did) that a tenant got while `act` ran. */
export async function callEventsDuring(
  stack: TestStack,
  tenant: string,
  act: () => Promise<unknown>,
): Promise<readonly CallEventRow[]> {
  const [before] = await queryAs(
    stack.superuserUrl,
    'select coalesce(max(position), 0) as last from app.audit_events',
  );
  await act();
  return (await queryAs(
    stack.superuserUrl,
    `select *, details ->> 'code' as code from app.audit_events
      where tenant_id = $1 and position > $2 and action = any($3) order by position`,
    [tenant, before?.last, ACTIONS],
  )) as unknown as readonly CallEventRow[];
}
