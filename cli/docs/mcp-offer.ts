import { loadWorkerTables } from '../gate/worker-tables.ts';

interface Needs {
  readonly scopes: readonly string[];
  readonly role: string | null;
}

/** `docs/mcp-offer.md`: every tool, resource, prompt and skill, with what it needs. */
export async function printMcpOffer(): Promise<string> {
  const { offered, SKILLS } = await loadWorkerTables();
  const families = offered.resources.filter(({ template }) => template.includes('{'));
  return `# What agents find at /mcp

<!-- Made by \`./causeway check --write\` from worker/mcp/; edit that. -->

[mcp.md](mcp.md) says how to use it. "needs" is what the credential and the person's role in the tenant must have; a role includes those below it.

## Tools

${table(
  ['tool', 'what it does', 'needs'],
  offered.tools.map(({ name, description, needs }) => [`\`${name}\``, description, said(needs)]),
)}

## Resources

${table(
  ['template', 'what it is', 'needs'],
  families.map(({ template, description, needs }) => [`\`${template}\``, description, said(needs)]),
)}

## Prompts

${table(
  ['prompt', 'arguments', 'what it does', 'needs'],
  offered.prompts.map(({ name, input, description, needs }) => [
    `\`${name}\``,
    Object.entries(input.shape)
      .map(([argument, schema]) =>
        schema.safeParse(undefined).success ? `\`${argument}\`?` : `\`${argument}\``,
      )
      .join(', '),
    description,
    said(needs),
  ]),
)}

## Skills

${table(
  ['resource', 'when to read it'],
  SKILLS.map(({ uri, description }) => [`\`${uri}\``, description]),
)}
`;
}

function said({ scopes, role }: Needs): string {
  const parts = [...scopes.map((scope) => `\`${scope}\``), ...(role === null ? [] : [role])];
  return parts.length === 0 ? 'nothing' : parts.join(', ');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}
