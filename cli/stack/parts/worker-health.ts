import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { Failure } from '../../terminal/failure.ts';
import { tailOf } from '../part.ts';
import type { ProcessHandle } from '../start-process.ts';

const well = z.object({ ok: z.literal(true) });
/** The error envelope of a Worker whose start-up checks fail. */
const unwell = z.object({
  error: z.object({ message: z.string(), details: z.object({ findings: z.array(z.unknown()) }).optional() }),
});

const START_TIMEOUT_MS = 60_000;
/** A Worker whose start-up checks fail may pass them at the next try; after this it is said. */
const FINDINGS_TIMEOUT_MS = 5_000;
const POLL_MS = 40;
/** The Worker checks again every few seconds, so asking sooner only fills its log. */
const FINDINGS_POLL_MS = 500;

/** Waits until the Worker answers `GET /healthz` with 200; one that does not is ended before this says why. */
export async function untilHealthy(
  port: number,
  worker: ProcessHandle,
  logFile: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await poll(port, worker, logFile);
  } catch (thrown) {
    await worker.stop();
    signal.throwIfAborted();
    throw thrown;
  }
}

async function poll(port: number, worker: ProcessHandle, logFile: string): Promise<void> {
  let over: string | undefined;
  void worker.ended.then((how) => {
    over = how;
  });
  const startedAt = Date.now();
  let findingsSince: number | undefined;
  for (;;) {
    const health = await askHealth(port);
    if (health?.ok) return;
    if (health) findingsSince ??= Date.now();
    if (over !== undefined) throw failure(`it ended at once (${over})`, logFile);
    if (findingsSince !== undefined && Date.now() - findingsSince > FINDINGS_TIMEOUT_MS) {
      throw failure(`its start-up checks fail: ${describeFindings(health?.findings ?? [])}`, logFile, 0);
    }
    if (Date.now() - startedAt > START_TIMEOUT_MS) {
      throw failure(`it did not answer within ${START_TIMEOUT_MS / 1000} s`, logFile);
    }
    await delay(findingsSince === undefined ? POLL_MS : FINDINGS_POLL_MS);
  }
}

/** What the Worker on `port` says of itself; null where nobody answers, or not with a state of health. */
export async function askHealth(port: number): Promise<{ ok: boolean; findings: readonly unknown[] } | null> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(5_000) });
    const body: unknown = await answer.json();
    if (well.safeParse(body).success) return { ok: true, findings: [] };
    const { data } = unwell.safeParse(body);
    return data === undefined
      ? null
      : { ok: false, findings: data.error.details?.findings ?? [data.error.message] };
  } catch {
    return null;
  }
}

function describeFindings(findings: readonly unknown[]): string {
  return findings
    .map((finding) => (typeof finding === 'string' ? finding : JSON.stringify(finding)))
    .join('; ');
}

function failure(why: string, logFile: string, evidenceLines = 12): Failure {
  return new Failure({
    what: 'The Worker did not start.',
    why,
    remedy: `its log is ${logFile}; ./causeway logs worker shows it`,
    evidence: tailOf(logFile, evidenceLines),
  });
}
