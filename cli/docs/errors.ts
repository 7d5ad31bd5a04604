import { ERRORS } from '../../protocol/errors.ts';

/** `docs/errors.md`: every code that leaves the system. */
export function printErrorsPage(): string {
  const rows = Object.entries(ERRORS)
    .map(
      ([code, { status, means, retryable, remedy }]) =>
        `| \`${code}\` | ${status} | ${means} | ${retryable ? 'yes' : 'no'} | ${remedy} |`,
    )
    .join('\n');
  return `# Errors

<!-- Made by \`./causeway check --write\` from protocol/errors.ts; edit that. -->

Tool results and REST answers carry one shape:

\`\`\`json
{
  "code": "stale_commit",
  "message": "forecast.py was changed by commit 3f2a... after the commit that you named.",
  "retryable": true,
  "retry_after_seconds": 1,
  "hint": "Read the file again, apply your change to it, and send it with the new head.",
  "request_id": "req_...",
  "details": {}
}
\`\`\`

\`code\` is stable: a program may decide by it. \`message\` and \`hint\` are for whoever reads them. \`retryable\` says that the
same call may succeed later. In a tool result the shape comes with \`isError\`; by REST it comes with the status.
"Who acts" is who can do something about it: the agent by calling differently, a person, or the operator.

| code | status | means | retryable | who acts |
|---|---|---|---|---|
${rows}
`;
}
