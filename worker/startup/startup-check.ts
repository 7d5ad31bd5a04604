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
 * Whether this isolate may serve: its settings are sound, the database's catalogue keeps tenants apart (design, section 6), and the keys at hand open what is sealed there. An isolate cannot
 * refuse to start, so a failed check makes every route answer 503 until one passes; a passed check is believed for the
 * isolate's life, a failed one is repeated every five seconds at most.
 */
export async function checkStartup({ env, database, keys }: Platform): Promise<StartupVerdict> {
  if (sound !== undefined) return sound;
  if (failed !== undefined && Date.now() - failed.at < RECHECK_MS) return failed.verdict;
  const findings = judgeSettings(env);
  if (findings.length > 0) return { ok: false, findings };
  const catalogue = await checkCatalogue(database);
  const verdict = judge(catalogue, hasErrors(catalogue) ? [] : await keys.check());
  if (verdict.ok) sound = verdict;
  else failed = { verdict, at: Date.now() };
  return verdict;
}

function judge(catalogue: readonly CatalogueFinding[], ofKeys: readonly string[]): StartupVerdict {
  const findings = [...catalogue.filter(isError).map(({ message }) => message), ...ofKeys];
  return findings.length === 0 ? { ok: true } : { ok: false, findings };
}

function hasErrors(findings: readonly CatalogueFinding[]): boolean {
  return findings.some(isError);
}

function isError({ severity }: CatalogueFinding): boolean {
  return severity === 'error';
}
