import type { RecordedOutcome } from '../../../protocol/outcome.ts';
import { Refusal } from '../../http/refusal.ts';
import { quoted } from '../../input/quoted.ts';

const AGAIN = 'Run it again for another one: the program and what it was made of are still there.';
const NAMES_MAX = 10;

/** What of a run was removed because it was over its time, in a sentence; null where nothing was. Pure. */
export function whatExpired({ expired }: RecordedOutcome): string | null {
  const { log_at, outputs_at, outputs = [] } = expired ?? {};
  const names = outputs.slice(0, NAMES_MAX).map(({ name }) => `\`${quoted(name)}\``);
  const more = outputs.length > NAMES_MAX ? `, and ${outputs.length - NAMES_MAX} more` : '';
  const said = [
    outputs_at === undefined
      ? []
      : [`What it left (${names.join(', ')}${more}) was kept until ${outputs_at}.`],
    log_at === undefined ? [] : [`What it printed was kept until ${log_at}.`],
  ].flat();
  return said.length === 0 ? null : `${said.join(' ')} ${AGAIN}`;
}

/** Refuses what a run printed where that was removed. */
export function requireLog({ expired }: RecordedOutcome): void {
  if (expired?.log_at === undefined) return;
  throw new Refusal('expired', `What the run printed was kept until ${expired.log_at}.`, { hint: AGAIN });
}

/** Refuses an output of this name where it was removed. */
export function refuseExpiredOutput({ expired }: RecordedOutcome, name: string): void {
  const output = expired?.outputs?.find((candidate) => candidate.name === name);
  if (output === undefined) return;
  throw new Refusal('expired', `\`${quoted(name)}\` was kept until ${expired?.outputs_at}.`, {
    hint: AGAIN,
    details: { sha256: output.digest },
  });
}
