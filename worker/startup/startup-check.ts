import { sha256Hex, utf8 } from '../blobs/sha256.ts';
import { KNOWN_MIGRATIONS } from '../database/known-migrations.ts';
import { readStartupFacts } from '../database/startup-facts.ts';
import type { Env } from '../env.ts';
import type { Platform } from '../platform.ts';
import { judgeDatabase, judgeMigrations, keyDaysMax } from './judge-database.ts';
import { judgeSettings, judgeStore } from './judge-settings.ts';

const RECHECK_MS = 5_000;

export type StartupVerdict =
  | { readonly ok: true }
  /** Each a sentence that says what is wrong, and the remedy. */
  | { readonly ok: false; readonly findings: readonly string[] };

const SOUND: StartupVerdict = { ok: true };
const settingsVerdicts = new WeakMap<Env, StartupVerdict>();
let soundAt: number | undefined;
let failed: { readonly verdict: StartupVerdict; readonly at: number } | undefined;

/** Whether this isolate may serve with its settings; judged once, for nothing changes them. */
export function checkSettings(env: Env): StartupVerdict {
  let verdict = settingsVerdicts.get(env);
  if (verdict === undefined) {
    verdict = verdictOf([...judgeSettings(env), ...judgeStore(env)]);
    settingsVerdicts.set(env, verdict);
  }
  return verdict;
}

/**
 * Whether this isolate may serve with its database: its migrations are those that this build knows, no key is overdue, its
 * catalogue keeps tenants apart, and the keys at hand open what is sealed there. An isolate cannot refuse to start, so a failed check makes every
 * route answer 503 until one passes; a passed check is believed until {@link doubtDatabase}, a failed one is repeated every
 * five seconds at most.
 */
export async function checkDatabase({ env, database, keys }: Platform): Promise<StartupVerdict> {
  if (soundAt !== undefined) return SOUND;
  if (failed !== undefined && Date.now() - failed.at < RECHECK_MS) return failed.verdict;
  const facts = await readStartupFacts(database, await sha256Hex(utf8(env.SEAL_KEY)));
  const rules = { known: KNOWN_MIGRATIONS, daysMax: keyDaysMax(env.KEY_DAYS_MAX) };
  // Keys are read by functions that only a database of this version has.
  const isOfThisVersion = facts !== null && judgeMigrations(facts.migrations, KNOWN_MIGRATIONS).length === 0;
  const keyFindings = isOfThisVersion ? await keys.check() : [];
  const verdict = verdictOf([...judgeDatabase(facts, rules), ...keyFindings]);
  if (verdict.ok) soundAt = Date.now();
  else failed = { verdict, at: Date.now() };
  return verdict;
}

/**
 * The database may have been upgraded under this isolate: the next request checks it again, where that was not done just
 * now.
 */
export function doubtDatabase(): void {
  if (soundAt !== undefined && Date.now() - soundAt >= RECHECK_MS) soundAt = undefined;
}

function verdictOf(findings: readonly string[]): StartupVerdict {
  return findings.length === 0 ? SOUND : { ok: false, findings };
}
