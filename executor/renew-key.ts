import { storedSchema } from './identity.ts';
import { isDueForExchange, keyDays } from './key-age.ts';
import { readKeyFile } from './key-file.ts';
import type { Log } from './log.ts';
import { rotateKey } from './rotate-key.ts';

const LOOK_MS = 24 * 3600_000;

/** How an executor's key stands, for `status`. */
export interface KeyStanding {
  /** Null where nobody knows. */
  readonly key_days: number | null;
  /** Why it could not be exchanged when it was due; null where it was not due, or is another now. */
  readonly key_trouble: string | null;
}

/**
 * Exchanges the executor's key by itself, a quarter of its time before a start would refuse it: looks now and once a day. One
 * that cannot be exchanged is told of, and tried again the next day; what serves goes on serving.
 *
 * @returns the end of it
 */
export function renewKey(settings: {
  readonly file: string;
  readonly baseUrl: string;
  readonly daysMax: number;
  readonly onStanding: (standing: KeyStanding) => void;
  readonly log: Log;
}): () => void {
  const look = (): void => {
    renewWhereDue(settings).then(settings.onStanding, (error: Error) =>
      settings.onStanding({ key_days: null, key_trouble: error.message }),
    );
  };
  look();
  const timer = setInterval(look, LOOK_MS);
  return () => clearInterval(timer);
}

async function renewWhereDue({
  file,
  baseUrl,
  daysMax,
  log,
}: Parameters<typeof renewKey>[0]): Promise<KeyStanding> {
  const read = await readKeyFile(file, storedSchema);
  const days = read.ok ? keyDays(read.value?.made_at, Date.now()) : null;
  if (!isDueForExchange(days, daysMax)) return { key_days: days, key_trouble: null };
  const rotated = await rotateKey(file, baseUrl);
  if (rotated.ok) {
    log('info', 'the key was exchanged for another', { days });
    return { key_days: 0, key_trouble: null };
  }
  log('warn', 'the key could not be exchanged', { days, days_max: daysMax, reason: rotated.reason });
  return { key_days: days, key_trouble: rotated.reason };
}
