import type { z } from 'zod';
import type { DemoClient, Progress, RawBlock } from './clients/demo-client.ts';
import { errorReply, outputReply, type RunReply, runReply } from './replies.ts';
import type { DemoRunReport } from './report.ts';

const CALL_MS_MAX = 120_000;
const WAIT_SECONDS = 45;
const SECOND_WAITS_MAX = 5;

/** A tool refused, with what it said to do. */
class ToolRefused extends Error {
  override readonly name = 'ToolRefused';
}

export interface StartedRun {
  readonly project: string;
  readonly path: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly data?: readonly string[];
}

/**
 * What an agent does, over one MCP client: calls tools, follows runs to their end, and keeps count of them. Results are
 * parsed; a refusal is thrown with its message and hint.
 */
export class Agent {
  readonly client: DemoClient;
  readonly runs: DemoRunReport[] = [];

  constructor(client: DemoClient) {
    this.client = client;
  }

  async call<Schema extends z.ZodType>(
    tool: string,
    input: Readonly<Record<string, unknown>>,
    schema: Schema,
    onProgress?: (progress: Progress) => void,
  ): Promise<z.output<Schema>> {
    return schema.parse((await this.send(tool, input, onProgress)).structured);
  }

  /** Runs a model to its end, whatever that is. */
  async run(start: StartedRun, onProgress?: (progress: Progress) => void): Promise<RunReply> {
    const since = performance.now();
    let reply = await this.call('run_model', { ...start, wait_seconds: WAIT_SECONDS }, runReply, onProgress);
    for (let waits = 0; isActive(reply) && waits < SECOND_WAITS_MAX; waits++) {
      reply = await this.call(
        'get_run',
        { run: reply.run, wait_seconds: WAIT_SECONDS },
        runReply,
        onProgress,
      );
    }
    this.count(reply, performance.now() - since);
    return reply;
  }

  /** Runs a model that must succeed. */
  async runWell(start: StartedRun, onProgress?: (progress: Progress) => void): Promise<RunReply> {
    const reply = await this.run(start, onProgress);
    if (reply.state !== 'succeeded') {
      throw new Error(`${start.path} ended as ${reply.state}: ${reply.error?.message ?? reply.message}`);
    }
    return reply;
  }

  async table(run: string, name: string): Promise<z.output<typeof outputReply>> {
    return this.call('get_run_output', { run, name }, outputReply);
  }

  /** An output that is an image, as the agent's chat would show it. */
  async image(
    run: string,
    name: string,
  ): Promise<{ readonly bytes: Uint8Array; readonly mediaType: string }> {
    const { content } = await this.send('get_run_output', { run, name });
    const image = content.find(({ type }) => type === 'image');
    if (image?.data === undefined) throw new Error(`${name} came without an image`);
    return { bytes: Buffer.from(image.data, 'base64'), mediaType: image.mimeType ?? 'unknown' };
  }

  count({ run, state, outputs }: RunReply, ms: number): void {
    this.runs.push({ id: run, status: state, ms: Math.round(ms), outputs: outputs.map(({ name }) => name) });
  }

  private async send(
    tool: string,
    input: Readonly<Record<string, unknown>>,
    onProgress?: (progress: Progress) => void,
  ): Promise<{ readonly structured: unknown; readonly content: readonly RawBlock[] }> {
    const options = { timeoutMs: CALL_MS_MAX, ...(onProgress === undefined ? {} : { onProgress }) };
    const reply = await this.client.callTool(tool, input, options);
    if (reply.isError === true) throw refusalOf(tool, reply.content);
    return { structured: reply.structuredContent, content: reply.content };
  }
}

function isActive({ state }: RunReply): boolean {
  return state === 'queued' || state === 'leased' || state === 'running';
}

function refusalOf(tool: string, content: readonly RawBlock[]): ToolRefused {
  const text = content.find(({ type }) => type === 'text')?.text ?? '';
  try {
    const { code, message, hint } = errorReply.parse(JSON.parse(text));
    return new ToolRefused(`${tool} answered ${code}: ${message}${hint === undefined ? '' : ` ${hint}`}`);
  } catch {
    return new ToolRefused(`${tool} failed: ${text.slice(0, 500)}`);
  }
}
