import { callTool, type ToolReply } from './mcp-call.ts';
import { type Person, settlePerson } from './people.ts';
import type { TestStack } from './stack.ts';

export interface RunReply {
  readonly run: string;
  readonly state: string;
  readonly message: string;
  readonly stdout: { readonly text: string; readonly bytes: number; readonly truncated: boolean };
  readonly outputs: readonly { readonly name: string; readonly bytes: number; readonly media_type: string }[];
  readonly deduplicated?: boolean;
  readonly error: { type: string; message: string; path: string | null; line: number | null } | null;
  readonly [more: string]: unknown;
}

/** Somebody with a project `models` that holds `model.py`. */
export interface Modeller extends Person {
  readonly project: string;
  call<Structured = Record<string, unknown>>(
    tool: string,
    input?: Record<string, unknown>,
  ): Promise<ToolReply<Structured>>;
  /** run_model of model.py; `n` makes its manifest another one. */
  runModel(n: number, more?: Record<string, unknown>): Promise<ToolReply<RunReply>>;
  /** The same without waiting for its end. */
  startModel(n: number): Promise<string>;
  getRun(run: string, waitSeconds?: number): Promise<RunReply>;
}

export async function settleModeller(stack: TestStack, name: string, code = 'print(1)\n'): Promise<Modeller> {
  const person = await settlePerson(stack, { name });
  const call = <Structured>(tool: string, input: Record<string, unknown> = {}) =>
    callTool<Structured>(stack, person.token, tool, input);
  const created = await call<{ project: string }>('create_project', { name: 'models' });
  const { project } = created.structured;
  const written = await call('write_files', {
    project,
    files: [{ path: 'model.py', content: code }],
    message: 'Add the model',
  });
  if (written.error !== null) throw new Error(JSON.stringify(written.error));
  const runModel = (n: number, more: Record<string, unknown> = {}) =>
    call<RunReply>('run_model', { project, path: 'model.py', parameters: { n }, ...more });
  return {
    ...person,
    project,
    call,
    runModel,
    async startModel(n) {
      const started = await runModel(n, { wait_seconds: 0 });
      if (started.error !== null) throw new Error(JSON.stringify(started.error));
      return started.structured.run;
    },
    async getRun(run, waitSeconds = 0) {
      const got = await call<RunReply>('get_run', { run, wait_seconds: waitSeconds });
      if (got.error !== null) throw new Error(JSON.stringify(got.error));
      return got.structured;
    },
  };
}
