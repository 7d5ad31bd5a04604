import type { DataFormat } from '../../protocol/manifest.ts';
import { EMPTY_STREAM, type Outcome, type Output, type Stream } from '../../protocol/outcome.ts';
import { windowOf } from '../projects/line-window.ts';
import type { Caller } from './caller.ts';
import { chooseView, isImage } from './output/choose-view.ts';
import {
  blobBytes,
  blobText,
  downloadUrl,
  type EndedRun,
  foundOutput,
  requireOutcome,
  streamText,
} from './output/open-output.ts';
import type { TablePage } from './output/page.ts';
import { pageInSandbox, type StoredTable } from './output/page-in-sandbox.ts';
import { smallPage } from './output/small-page.ts';

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

export interface Image {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

export interface OutputAnswer {
  readonly shown: ShownOutput;
  readonly image: Image | null;
}

const FORMATS: Readonly<Record<string, DataFormat>> = {
  'text/csv': 'csv',
  'text/tab-separated-values': 'tsv',
  'application/vnd.apache.parquet': 'parquet',
};

const NOTHING = {
  columns: [],
  rows: [],
  text: null,
  total: null,
  truncated: false,
  download_url: null,
} as const;

/** Shows an output of an ended run, or one of its streams. One database request, three where a large table is read in a sandbox. */
export async function getRunOutput(context: Caller, asked: OutputRequest): Promise<OutputAnswer> {
  const ended = await requireOutcome(context, asked.run);
  const { outcome } = ended;
  const stream = streamOf(outcome, asked.name);
  if (stream !== null) {
    const type = asked.name === 'progress' ? 'application/x-ndjson' : 'text/plain';
    const text = await streamText(context, ended, stream);
    return { shown: textWindow(text, asked, type, stream.bytes), image: null };
  }
  return showOutput(context, ended, foundOutput(outcome, asked.name), asked);
}

/** The stream of this name; a file that the run called `progress` comes before its steps. */
function streamOf(outcome: Outcome, name: string): Stream | null {
  if (name === 'stdout' || name === 'stderr') return outcome[name];
  const isStep = name === 'progress' && outcome.outputs.every((output) => output.name !== name);
  return isStep ? (outcome.progress ?? EMPTY_STREAM) : null;
}

async function showOutput(
  context: Caller,
  { run, project }: EndedRun,
  output: Output,
  asked: OutputRequest,
): Promise<OutputAnswer> {
  const base = { media_type: output.media_type, bytes: output.bytes };
  const link = async () => ({ download_url: await downloadUrl(context, run, output) });
  const view = chooseView(output);
  switch (view) {
    case 'small_table':
    case 'large_table': {
      const page =
        view === 'small_table'
          ? await smallPage(context, run, output, asked)
          : await largePage(context, storedTable(project, output), asked);
      const truncated = asked.offset + page.rows.length < page.total;
      const shown = { kind: 'table', ...base, ...NOTHING, ...page, truncated } as const;
      const isWhole = page.rows.length === page.total;
      return { shown: isWhole ? shown : { ...shown, ...(await link()) }, image: null };
    }
    case 'text': {
      const text = await blobText(context, run, output.sha256);
      const shown = textWindow(text, asked, output.media_type, output.bytes);
      const isWhole = asked.offset === 0 && !shown.truncated;
      return { shown: isWhole ? shown : { ...shown, ...(await link()) }, image: null };
    }
    case 'image': {
      const bytes = await blobBytes(context, run, output.sha256);
      if (!isImage(bytes, output.media_type)) break;
      const shown = { kind: 'image', ...base, ...NOTHING, ...(await link()) } as const;
      return { shown, image: { bytes, mediaType: output.media_type } };
    }
    case 'file':
      break;
  }
  return { shown: { kind: 'file', ...base, ...NOTHING, ...(await link()) }, image: null };
}

/** It takes a while: whoever may not see the run any more when it was read gets nothing of it. */
async function largePage(context: Caller, table: StoredTable, asked: OutputRequest): Promise<TablePage> {
  const page = await pageInSandbox(context, table, asked);
  await requireOutcome(context, asked.run);
  return page;
}

function storedTable(project: string, output: Output): StoredTable {
  const { name, sha256, bytes, media_type: type } = output;
  return {
    project,
    name,
    hint: 'Look at how the model writes it.',
    format: FORMATS[type] ?? 'csv',
    sha256,
    bytes,
  };
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
