import { writeHeader } from '../../audit/export-header.ts';
import { utf8 } from '../../blobs/sha256.ts';
import { prefixesOf, type StoreFiles } from '../../blobs/tenant-files.ts';
import type { Query } from '../../database/query.ts';
import {
  type ExportedCommit,
  exportAuditLines,
  exportAuditProof,
  exportBlobNames,
  exportCommits,
  exportPeople,
  exportRows,
  nextProject,
} from '../../database/tenant-export.ts';
import type { ExportCursor } from './cursor.ts';
import { fastImportCommit } from './fast-import.ts';

/** A file of the archive: bytes that are at hand, or a blob that is opened when its turn comes. */
export interface ExportFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer> | { readonly blob: string };
}

export interface ExportPage {
  readonly files: readonly ExportFile[];
  /** Digests of contents that rows name and the store lacks. */
  readonly missing?: readonly string[];
  /** Null behind the last page. */
  readonly next: ExportCursor | null;
}

/** What an export reads: the tenant's database as who exports it, its files, and its blobs. */
export interface ExportSource {
  readonly tenant: string;
  readonly ask: <Result>(question: Query<Result>) => Promise<Result>;
  readonly files: StoreFiles;
  /** The text of a file of a project; null where its bytes are gone. */
  readonly readFile: (sha256: string) => Promise<Uint8Array<ArrayBuffer> | null>;
}

const ROWS_MAX = 1_000;
const PAGE_BYTES_MAX = 4 * 1024 * 1024;
const AUDIT_LINES_MAX = 2_000;
const COMMITS_MAX = 20;
const BLOBS_MAX = 100;
const NAMES_MAX = 5_000;
const LISTED_MAX = 1_000;

/** One page of an export. It holds about 4 MiB at most, but for blobs, which it only names. */
export function readPage(source: ExportSource, cursor: ExportCursor): Promise<ExportPage> {
  switch (cursor.at) {
    case 'rows':
      return rowsPage(source, cursor);
    case 'people':
      return peoplePage(source, cursor);
    case 'audit':
      return auditPage(source, cursor);
    case 'history':
      return historyPage(source, cursor);
    case 'blobs':
      return blobsPage(source, cursor);
    case 'names':
      return namesPage(source, cursor);
  }
}

type At<Section extends ExportCursor['at']> = Extract<ExportCursor, { at: Section }>;

async function rowsPage({ ask }: ExportSource, { tables, after, page }: At<'rows'>): Promise<ExportPage> {
  const [relation, ...rest] = tables;
  if (relation === undefined) return { files: [], next: { at: 'people', after: null, page: 1 } };
  const rows = await ask(exportRows(relation, after, { rowsMax: ROWS_MAX, bytesMax: PAGE_BYTES_MAX }));
  const last = rows.at(-1);
  if (last === undefined) return { files: [], next: { at: 'rows', tables: rest, after: null, page: 1 } };
  return {
    files: [lines(`tables/${relation.replace(/^app\./, '')}`, page, rows)],
    next:
      last.key.length === 0
        ? { at: 'rows', tables: rest, after: null, page: 1 }
        : { at: 'rows', tables, after: last.key, page: page + 1 },
  };
}

async function peoplePage({ ask }: ExportSource, { after, page }: At<'people'>): Promise<ExportPage> {
  const people = await ask(exportPeople(after, ROWS_MAX));
  const last = people.at(-1);
  if (last === undefined) return { files: [], next: { at: 'audit', size: 0, next: 0, page: 1 } };
  return { files: [lines('people', page, people)], next: { at: 'people', after: last.key, page: page + 1 } };
}

/** The log as `causeway audit verify` reads it, once its files are put behind each other. */
async function auditPage({ ask }: ExportSource, { size, next, page }: At<'audit'>): Promise<ExportPage> {
  const history: ExportCursor = { at: 'history', project: null, position: 0, page: 1 };
  if (page === 1) {
    const proof = await ask(exportAuditProof());
    if (proof === null) return { files: [], next: history };
    return {
      files: [{ name: numbered('audit', page), bytes: utf8(writeHeader(proof)) }],
      next: { at: 'audit', size: proof.size, next: 0, page: 2 },
    };
  }
  if (next >= size) return { files: [], next: history };
  const entries = await ask(exportAuditLines(size, next, AUDIT_LINES_MAX));
  if (entries.length === 0) throw new Error(`entry ${next} of ${size} is not in the database`);
  return {
    files: [{ name: numbered('audit', page), bytes: utf8(`${entries.join('\n')}\n`) }],
    next: { at: 'audit', size, next: next + entries.length, page: page + 1 },
  };
}

async function historyPage(
  source: ExportSource,
  { project, position, page }: At<'history'>,
): Promise<ExportPage> {
  const current = project ?? (await source.ask(nextProject(null)));
  if (current === null) return { files: [], next: { at: 'blobs', after: null } };
  const commits = await source.ask(exportCommits(current, position, COMMITS_MAX));
  if (commits.length === 0) {
    const following = await source.ask(nextProject(current));
    return {
      files: [],
      next:
        following === null
          ? { at: 'blobs', after: null }
          : { at: 'history', project: following, position: 0, page: 1 },
    };
  }
  const pieces: Uint8Array[] = [];
  let held = 0;
  let reached = position;
  for (const commit of commits) {
    const written = fastImportCommit(commit, await contentsOf(source, commit));
    pieces.push(...written);
    held += written.reduce((sum, piece) => sum + piece.byteLength, 0);
    reached = commit.position;
    if (held > PAGE_BYTES_MAX) break;
  }
  const name = `history/${current}/${String(page).padStart(6, '0')}.fast-import`;
  return {
    files: [{ name, bytes: joined(pieces, held) }],
    next: { at: 'history', project: current, position: reached, page: page + 1 },
  };
}

async function contentsOf(
  { readFile }: ExportSource,
  { changes }: ExportedCommit,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const contents = new Map<string, Uint8Array>();
  for (const { path, file } of changes)
    if (file !== null) contents.set(path, (await readFile(file.sha256)) ?? utf8(GONE));
  return contents;
}

/** What stands for a file whose bytes were purged. */
const GONE = 'The content of this file is gone.\n';

async function blobsPage({ files, tenant }: ExportSource, { after }: At<'blobs'>): Promise<ExportPage> {
  const page = await files.list(prefixesOf(tenant).blobs, after, BLOBS_MAX);
  const last = page.at(-1);
  return {
    // Copies of the audit log lie there too; the log itself is in the archive.
    files: page
      .filter(({ name }) => !name.includes('/'))
      .map(({ name }) => ({ name: `blobs/${name}`, bytes: { blob: name } })),
    next:
      last === undefined || page.length < BLOBS_MAX
        ? { at: 'names', after: null }
        : { at: 'blobs', after: last.name },
  };
}

/** What is named is asked before what there is: a row comes after its blob. */
async function namesPage({ ask, files, tenant }: ExportSource, { after }: At<'names'>): Promise<ExportPage> {
  const names = await ask(exportBlobNames(after, NAMES_MAX));
  const last = names.at(-1);
  if (last === undefined) return { files: [], next: null };
  const there = new Set<string>();
  for (let listed = after; listed === null || listed < last; ) {
    const page = await files.list(prefixesOf(tenant).blobs, listed, LISTED_MAX);
    for (const { name } of page) there.add(name);
    const end = page.at(-1);
    if (end === undefined || page.length < LISTED_MAX) break;
    listed = end.name;
  }
  return {
    files: [],
    missing: names.filter((name) => !there.has(name)),
    next: names.length < NAMES_MAX ? null : { at: 'names', after: last },
  };
}

function lines(folder: string, page: number, rows: readonly { readonly line: string }[]): ExportFile {
  return { name: numbered(folder, page), bytes: utf8(`${rows.map(({ line }) => line).join('\n')}\n`) };
}

function numbered(folder: string, page: number): string {
  return `${folder}/${String(page).padStart(6, '0')}.jsonl`;
}

function joined(pieces: readonly Uint8Array[], bytes: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.byteLength;
  }
  return all;
}
