import type { ContentBlock } from '@modelcontextprotocol/server';
import type { Outcome, Output, Stream } from '../../protocol/outcome.ts';
import { encodeBase64 } from '../blobs/base64.ts';
import type { RunRow } from '../database/runs.ts';
import { Refusal } from '../http/refusal.ts';
import type { ToolContext } from '../mcp/tool.ts';
import { quoted } from '../projects/find-project.ts';
import { windowOf } from '../projects/line-window.ts';
import { DOWNLOAD_LIFETIME_MS, grant } from './capability.ts';
import { chooseView, isImage } from './output/choose-view.ts';
import { pageOf, type TablePage } from './output/page.ts';
import { pageInSandbox } from './output/page-in-sandbox.ts';
import { readCsv } from './output/read-csv.ts';
import { requireRuns } from './run-view.ts';

export interface OutputRequest {
  readonly run: string;
  readonly name: string;
  /** Rows of a table or lines of a text to skip, and how many to show. */
  readonly offset: number;
  readonly limit: number;
}

export interface ShownOutput {
  readonly kind: 'table' | 'text' | 'image' | 'file';
  readonly media_type: string;
  readonly bytes: number;
  readonly columns: readonly string[];
  readonly rows: TablePage['rows'];
  readonly text: string | null;
  /** Rows or lines in all. */
  readonly total: number | null;
  readonly truncated: boolean;
  readonly download_url: string | null;
}

export interface OutputAnswer {
  readonly shown: ShownOutput;
  readonly image: ContentBlock | null;
}

const NOTHING = {
  columns: [],
  rows: [],
  text: null,
  total: null,
  truncated: false,
  download_url: null,
} as const;

/** Shows an output of an ended run, or one of its streams. One database request; large tables are read in a sandbox. */
export async function getRunOutput(context: ToolContext, asked: OutputRequest): Promise<OutputAnswer> {
  const [row] = await requireRuns(context, [asked.run]);
  const outcome = endedOutcome(row as RunRow);
  if (asked.name === 'stdout' || asked.name === 'stderr') {
    const text = await streamText(context, outcome[asked.name]);
    return { shown: textWindow(text, asked, 'text/plain', outcome[asked.name].bytes), image: null };
  }
  const output = outcome.outputs.find(({ name }) => name === asked.name);
  if (output === undefined) throw absent(asked.name, outcome);
  return showOutput(context, row as RunRow, output, asked);
}

async function showOutput(
  context: ToolContext,
  row: RunRow,
  output: Output,
  asked: OutputRequest,
): Promise<OutputAnswer> {
  const base = { media_type: output.media_type, bytes: output.bytes };
  const link = async () => ({ download_url: await downloadUrl(context, row.run, output) });
  const view = chooseView(output);
  switch (view) {
    case 'small_table':
    case 'large_table': {
      const page =
        view === 'small_table'
          ? await smallPage(context, output, asked)
          : await pageInSandbox(context, row.project, output, asked);
      const truncated = asked.offset + page.rows.length < page.total;
      const shown = { kind: 'table', ...base, ...NOTHING, ...page, truncated } as const;
      const isWhole = page.rows.length === page.total;
      return { shown: isWhole ? shown : { ...shown, ...(await link()) }, image: null };
    }
    case 'text': {
      const text = new TextDecoder().decode(await blobBytes(context, output.sha256));
      const shown = textWindow(text, asked, output.media_type, output.bytes);
      const isWhole = asked.offset === 0 && !shown.truncated;
      return { shown: isWhole ? shown : { ...shown, ...(await link()) }, image: null };
    }
    case 'image': {
      const bytes = await blobBytes(context, output.sha256);
      if (!isImage(bytes, output.media_type)) break;
      const image = { type: 'image', data: encodeBase64(bytes), mimeType: output.media_type } as const;
      return { shown: { kind: 'image', ...base, ...NOTHING, ...(await link()) }, image };
    }
    case 'file':
      break;
  }
  return { shown: { kind: 'file', ...base, ...NOTHING, ...(await link()) }, image: null };
}

function endedOutcome(row: RunRow): Outcome {
  if (row.outcome !== null) return row.outcome;
  throw new Refusal('not_found', 'The run has not ended, so it has no outputs yet.', {
    hint: `Call get_run with run="${row.run}" and wait_seconds=45 first.`,
  });
}

function absent(name: string, outcome: Outcome): Refusal {
  const names = outcome.outputs.map((output) => output.name);
  const there =
    names.length === 0
      ? 'it left none'
      : `it left: ${names.slice(0, 20).join(', ')}${names.length > 20 ? ', …' : ''}`;
  return new Refusal('not_found', `The run has no output \`${quoted(name)}\`; ${there}.`, {
    hint: 'stdout and stderr are names too. Names are case-sensitive.',
  });
}

async function smallPage(context: ToolContext, output: Output, asked: OutputRequest): Promise<TablePage> {
  const text = new TextDecoder().decode(await blobBytes(context, output.sha256));
  return pageOf(readCsv(text, output.media_type === 'text/csv' ? ',' : '\t'), asked.offset, asked.limit);
}

async function streamText(context: ToolContext, stream: Stream): Promise<string> {
  return stream.sha256 === null
    ? stream.inline
    : new TextDecoder().decode(await blobBytes(context, stream.sha256));
}

function textWindow(text: string, asked: OutputRequest, type: string, bytes: number): ShownOutput {
  const window = windowOf(text, asked.offset + 1, asked.limit);
  return {
    kind: 'text',
    media_type: type,
    bytes,
    ...NOTHING,
    text: window.content,
    total: window.total_lines,
    truncated: window.truncated,
  };
}

export async function blobBytes(context: ToolContext, sha256: string): Promise<Uint8Array> {
  const blob = await context.platform.blobs.get({ tenant: context.principal.tenantId, sha256 });
  if (blob === null) throw new Error(`the blob store lacks ${sha256}, which an outcome names`);
  return new Uint8Array(await new Response(blob.body).arrayBuffer());
}

async function downloadUrl(context: ToolContext, run: string, output: Output): Promise<string> {
  const { platform, principal } = context;
  const claim = {
    tenant: principal.tenantId,
    user: principal.userId,
    credential: principal.credential,
    run,
    sha256: output.sha256,
    name: output.name,
    type: output.media_type,
  };
  return `${platform.publicUrl}/downloads/${await grant(platform.sealKey, 'download', claim, DOWNLOAD_LIFETIME_MS)}`;
}
