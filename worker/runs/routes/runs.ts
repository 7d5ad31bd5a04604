import type { Context } from 'hono';
import { runPage } from '../../console/run-page.ts';
import type { RunRow } from '../../database/runs.ts';
import type { AppEnv } from '../../http/app-env.ts';
import { attachment } from '../../http/attachment.ts';
import { Refusal } from '../../http/refusal.ts';
import { asPerson } from '../../people/person.ts';
import { parseReturnPath } from '../../people/return-address.ts';
import { personPage, principalHere } from '../../people/routes/person-page.ts';
import type { Session } from '../../people/session.ts';
import { windowOf } from '../../projects/line-window.ts';
import { openRun } from '../../sight/see-run.ts';
import { addressOfRun } from '../../sight/withheld.ts';
import { lackOf } from '../../tenants/purged.ts';
import type { Reader } from '../caller.ts';
import { chooseView } from '../output/choose-view.ts';
import { requireLog } from '../output/expired.ts';
import { blobText, foundOutput } from '../output/open-output.ts';
import type { TablePage } from '../output/page.ts';
import { smallPage } from '../output/small-page.ts';
import { requireRun } from '../run-view.ts';

const PROGRAM_LINES_MAX = 500;
const TABLES_MAX = 5;
const ROWS_MAX = 20;

/** `GET /runs/:tenant/:run`. */
export const showRun = personPage(ownPath, async (context, session) => {
  const { run, reader } = await open(context, session);
  const { outcome } = run;
  const message = outcome?.message ?? 'It has not ended yet.';
  return runPage({
    session,
    tenantId: reader.principal.tenantId,
    run,
    message,
    program: await programOf(run, reader),
    tables: await tablesOf(run, reader),
  });
});

/** `GET /runs/:tenant/:run/outputs/:name`: a file that the run left, or `stdout`, `stderr`. */
export const downloadOutput = personPage(ownPath, async (context, session) => {
  const { run, reader } = await open(context, session);
  const { outcome } = run;
  if (outcome === null) throw new Refusal('not_found', 'The run has not ended, so it has left nothing yet.');
  const name = context.req.param('name') ?? '';
  if (name === 'stdout' || name === 'stderr') {
    requireLog(outcome);
    const { sha256, inline } = outcome[name];
    if (sha256 === null) return attachment(inline, `${name}.txt`, 'text/plain');
    return send(reader, sha256, `${name}.txt`, 'text/plain');
  }
  const output = foundOutput(outcome, name);
  return send(reader, output.sha256, output.name, output.media_type);
});

/** The path of this request, to come back to after signing in. */
function ownPath(context: Context<AppEnv>): string {
  return parseReturnPath(new URL(context.req.url).pathname) ?? '/projects';
}

async function send(
  { platform, principal }: Reader,
  sha256: string,
  name: string,
  type: string,
): Promise<Response> {
  const blob = await platform.blobs.get({ tenant: principal.tenantId, sha256 });
  if (blob === null) throw await lackOf(platform, principal.tenantId, sha256);
  return attachment(blob.body, name, type);
}

/** The run for whoever is signed in and sees its project. One database request beside the session's. */
async function open(context: Context<AppEnv>, session: Session) {
  const platform = context.get('platform');
  const principal = principalHere(context, session);
  const reader: Reader = { platform, principal };
  const run = context.req.param('run') ?? '';
  const found = await asPerson(() => requireRun(reader, run));
  return { reader, run: openRun(found, addressOfRun(reader, run)) };
}

async function programOf({ run, manifest }: RunRow, reader: Reader): Promise<string | null> {
  const file = manifest.files.find(({ path }) => path === manifest.entry);
  const text = file === undefined ? null : await unlessPurged(blobText(reader, run, file.sha256));
  return text === null ? null : windowOf(text, 1, PROGRAM_LINES_MAX).content;
}

/** The first pages of small tables, without those of which the bytes were purged. */
async function tablesOf({ run, outcome }: RunRow, reader: Reader): Promise<Map<string, TablePage>> {
  const small = (outcome?.outputs ?? []).filter((output) => chooseView(output) === 'small_table');
  const pages = await Promise.all(
    small.slice(0, TABLES_MAX).map(async (output) => {
      const page = await unlessPurged(smallPage(reader, run, output, { offset: 0, limit: ROWS_MAX }));
      return page === null ? [] : [[output.name, page] as const];
    }),
  );
  return new Map(pages.flat());
}

/** What is being read; null where it was purged, so that the rest of a run is shown. */
async function unlessPurged<Content>(reading: Promise<Content>): Promise<Content | null> {
  return reading.catch((error: unknown) => {
    if (error instanceof Refusal && error.code === 'purged') return null;
    throw error;
  });
}
