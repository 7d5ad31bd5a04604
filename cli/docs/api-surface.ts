import type { Credential, Route } from '../../worker/http/route.ts';
import { loadWorkerTables } from '../gate/worker-tables.ts';

const CREDENTIALS: Readonly<Record<Credential, string>> = {
  public: 'Nothing: whoever reaches the address',
  api_token: 'An API token or an access token of OAuth',
  session: 'A session of a signed-in person',
  administration:
    'A session of an admin or owner; nothing is there until the operator turns the management API on',
  link: 'A one-time link',
  capability: 'A sealed capability or link, for one thing and a short time',
  executor: 'The signature of an executor’s key',
  join_token: 'A one-time join token',
  operator: 'A call that the database signed for its owner',
};

/** `docs/security/api-surface.md`: everything that answers, by what it asks for. */
export async function printApiSurface(): Promise<string> {
  const { offered, ROUTES } = await loadWorkerTables();
  const sections = (Object.keys(CREDENTIALS) as Credential[]).map((credential) => {
    const own = ROUTES.filter((route) => route.credential === credential);
    return `### ${CREDENTIALS[credential]} (${own.length})\n\n| method | path | who, further | what |\n|---|---|---|---|\n${own.map(line).join('\n')}\n`;
  });
  return `# API surface

<!-- Made by \`./causeway check --write\` from worker/http/routes.ts and worker/mcp/; edit those. -->

All that a deployment answers to: ${ROUTES.length} routes, and behind \`/mcp\` ${offered.tools.length} tools, ${offered.resources.length} resources and ${offered.prompts.length} prompts ([mcp-offer](../mcp-offer.md) has these).
Any other address answers 401, as one that needs a credential. An executor has no port; Postgres is reached by the Worker and the operator alone.

## Routes, by what a caller must show

${sections.join('\n')}
## Tools, by what they need

| tool | scopes | role in the tenant, at least | changes something |
|---|---|---|---|
${offered.tools
  .map(
    ({ name, needs, annotations }) =>
      `| \`${name}\` | ${needs.scopes.join(', ') || 'none'} | ${needs.role ?? 'any'} | ${annotations.readOnlyHint ? 'no' : annotations.destructiveHint ? 'yes, destroys' : 'yes'} |`,
  )
  .join('\n')}
`;
}

function line(route: Route): string {
  const further = route.credential === 'session' ? route.access.replaceAll('_', ' ') : '';
  return `| ${route.method} | \`${route.path}\` | ${further} | ${route.what} |`;
}
