import { callTool } from './mcp-call.ts';
import type { Person } from './people.ts';
import type { TestStack } from './stack.ts';

type Owner = Pick<Person, 'token'>;

/** An empty project of `who`; its id. */
export async function newProject(stack: TestStack, who: Owner): Promise<string> {
  const name = `To archive ${crypto.randomUUID()}`;
  const { structured } = await callTool<{ project: string }>(stack, who.token, 'create_project', { name });
  return structured.project;
}

/** Whether `who`, whose project it is, finds it in the list no more. */
export async function isArchived(stack: TestStack, who: Owner, project: string): Promise<boolean> {
  const { structured } = await callTool<{ projects: { project: string }[] }>(
    stack,
    who.token,
    'list_projects',
  );
  return !structured.projects.some((one) => one.project === project);
}
