import { existsSync, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { fireCron } from './fire-cron.ts';
import { queryAs } from './query-as.ts';
import type { TestStack } from './stack.ts';
import type { Acme } from './tenant-world.ts';

export type KeptRuns = ReturnType<typeof keptRunsOf>;
export type KeptDigests = Awaited<ReturnType<KeptRuns['digestsOf']>>;

/** Runs of Ann's, what they left in the store, and how days go by. */
export function keptRunsOf(stack: TestStack, ann: Acme['ann']) {
  const seen = (sql: string, values: readonly unknown[] = []) => queryAs(stack.superuserUrl, sql, values);
  const folder = join(stack.stateDir, 'blobs', ann.tenant);
  const isStored = (sha256: unknown) => existsSync(join(folder, String(sha256)));

  /** A run that prints much and leaves two files, all of which say `what`. */
  async function runOf(what: string): Promise<string> {
    const content = `print("printed ${what}\\n" * 3000)
open("/outputs/table.csv", "w").write("what\\n${what}\\n")
open("/outputs/note.txt", "w").write("left ${what}")
`;
    const { project } = ann;
    await ann.call('write_files', { project, files: [{ path: 'chatty.py', content }], message: what });
    const ran = await ann.call<{ run: string; state: string }>('run_model', {
      ...{ project, path: 'chatty.py', wait_seconds: 45 },
    });
    expect(ran.structured.state).toBe('succeeded');
    return ran.structured.run;
  }

  /** Digests of what a run printed, left, and of its program. */
  async function digestsOf(run: string) {
    const [row] = await seen('select outcome, manifest from app.runs where run_id = $1', [run]);
    const { outcome, manifest } = row as {
      outcome: { stdout: { sha256: string }; outputs: { name: string; sha256: string }[] };
      manifest: { files: { path: string; sha256: string }[] };
    };
    const { stdout, outputs } = outcome;
    const { files } = manifest;
    const of = (name: string) => outputs.find((output) => output.name === name)?.sha256 ?? '';
    const program = files.find(({ path }) => path === 'chatty.py')?.sha256 ?? '';
    return { log: stdout.sha256, table: of('table.csv'), note: of('note.txt'), program };
  }

  const endedBefore = (run: string, days: number) =>
    seen('update app.runs set finished_at = finished_at - make_interval(days => $2) where run_id = $1', [
      ...[run, days],
    ]);

  /** Lets two days pass: for the database, for the store, and for the sweep, which comes once a day. */
  async function letTwoDaysPass(): Promise<void> {
    const before = (column: string) => `${column} = ${column} - interval '2 days'`;
    await seen(`update app.retention_sweeps set ${before('swept_at')}, ${before('judged_at')}`);
    await seen(`update app.blobs_to_remove set ${before('found_at')}, ${before('unnamed_at')}`);
    const written = new Date(Date.now() - 2 * 24 * 3600_000);
    for (const entry of readdirSync(folder, { withFileTypes: true }))
      if (entry.isFile()) utimesSync(join(folder, entry.name), written, written);
  }

  async function twoDaysLater(): Promise<void> {
    await letTwoDaysPass();
    expect(await fireCron(stack)).toBe(200);
  }

  return { seen, isStored, runOf, digestsOf, endedBefore, letTwoDaysPass, twoDaysLater };
}
