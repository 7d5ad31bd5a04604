import { type CatalogueFinding, checkCatalogue } from '../database/catalogue.ts';
import type { Platform } from '../platform.ts';
import { judgeSettings } from './judge-settings.ts';

const RECHECK_MS = 5_000;

export type StartupVerdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly findings: readonly string[] };

let sound: StartupVerdict | undefined;
let failed: { readonly verdict: StartupVerdict; readonly at: number } | undefined;

/**
 * Whether this isolate may serve: its settings are sound, and the database's catalogue keeps tenants apart (design, section 6). An isolate cannot
 * refuse to start, so a failed check makes every route answer 503 until one passes; a passed check is believed for the
 * isolate's life, a failed one is repeated every five seconds at most.
 */
export async function checkStartup({ env, database }: Platform): Promise<StartupVerdict> {
  if (sound !== undefined) return sound;
  if (failed !== undefined && Date.now() - failed.at < RECHECK_MS) return failed.verdict;
  const findings = judgeSettings(env);
  if (findings.length > 0) return { ok: false, findings };
  const verdict = judge(await checkCatalogue(database));
  if (verdict.ok) sound = verdict;
  else failed = { verdict, at: Date.now() };
  return verdict;
}

function judge(findings: readonly CatalogueFinding[]): StartupVerdict {
  const errors = findings.filter((finding) => finding.severity === 'error');
  return errors.length === 0
    ? { ok: true }
    : { ok: false, findings: errors.map((finding) => finding.message) };
}
