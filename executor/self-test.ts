import { snakeCaseJson } from '../protocol/snake-case-json.ts';
import { ENGINES_BY_STRENGTH, type EngineName, enginesToTry, KERNEL_AS_BOUNDARY } from './choose-engine.ts';
import type { Config } from './config.ts';
import { holdState } from './hold-state.ts';
import type { Log } from './log.ts';
import { openNamed, refuseHost } from './open-engine.ts';
import { type ProbeReport, probe } from './probe.ts';
import type { ReleaseStack } from './release-stack.ts';
import { sweepAfterDeath } from './sweep-after-death.ts';
import { sweepHeld } from './sweep-host.ts';

/** What came of one engine: the probe's report, or why it cannot be had here. */
export interface EngineTested {
  readonly engine: EngineName;
  readonly version: string | null;
  readonly report: ProbeReport | null;
  readonly refusal: string | null;
}

export type SelfTest =
  | { readonly ok: true; readonly engines: readonly EngineTested[] }
  | { readonly ok: false; readonly reason: string };

/** Plays the probe under each engine that the settings allow, strongest first. */
export async function selfTest(config: Config, releases: ReleaseStack, log: Log): Promise<SelfTest> {
  const wanted = enginesToTry(config.engine, config.acceptsKernelAsBoundary);
  if (!wanted.ok) return wanted;
  const refusal = await refuseHost();
  if (refusal !== null) return { ok: false, reason: refusal };
  const state = await holdState(config.stateDir);
  if (!state.ok) return state;
  releases.push(() => state.release());
  await sweepHeld(config, state);
  releases.push(sweepAfterDeath(config, state.dir, config.engine));
  const engines: EngineTested[] = [];
  for (const engine of config.engine === 'auto' ? ENGINES_BY_STRENGTH : wanted.engines) {
    if (!wanted.engines.includes(engine)) {
      engines.push({ engine, version: null, report: null, refusal: KERNEL_AS_BOUNDARY });
      continue;
    }
    const opened = await openNamed(engine, { config, state, log });
    if (!opened.ok) {
      engines.push({ engine, version: null, report: null, refusal: opened.reason });
      continue;
    }
    releases.push(() => opened.engine.close());
    const report = await probe(opened.engine, opened.imageEnvironment);
    engines.push({ engine, version: opened.engine.version, report, refusal: null });
  }
  return { ok: true, engines };
}

/** The one that an executor with these settings would serve with: the first that the host has. Pure. */
export function chosenOf(engines: readonly EngineTested[]): EngineTested | null {
  return engines.find(({ report }) => report !== null) ?? null;
}

/** For a person: what failed stands out and says why. */
export function selfTestText(engines: readonly EngineTested[]): string {
  const chosen = chosenOf(engines);
  const isSound = chosen?.report?.ok === true;
  const verdict = isSound
    ? `An executor serves here with ${chosen.engine}.`
    : 'An executor refuses to serve here.';
  return [...engines.map(engineText), verdict].join('\n\n');
}

function engineText({ engine, version, report, refusal }: EngineTested): string {
  if (report === null) return `${engine}: not to be had.\n${refusal}`;
  const width = Math.max(...report.checks.map((check) => check.name.length));
  const lines = report.checks.map((check) =>
    `${check.ok ? 'ok    ' : 'FAILED'}  ${check.name.padEnd(width)}  ${check.detail}`.trimEnd(),
  );
  const failed = report.checks.filter((check) => !check.ok).length;
  const verdict =
    failed === 0
      ? `${engine}: ${report.checks.length} checks held in ${report.tookMs} ms.`
      : `${engine}: ${failed} of ${report.checks.length} checks failed.`;
  return [`${engine} (${version})`, ...lines, verdict].join('\n');
}

/** As one object: that of the engine chosen, and `engines` with each. */
export function selfTestJson(engines: readonly EngineTested[]): string {
  const chosen = chosenOf(engines);
  return snakeCaseJson({
    ok: chosen?.report?.ok === true,
    engine: chosen?.engine ?? null,
    checks: chosen?.report?.checks ?? [],
    engines: engines.map(({ engine, version, report, refusal }) => ({
      engine,
      version,
      refusal,
      ok: report?.ok ?? false,
      failed: report?.checks.filter((check) => !check.ok) ?? [],
    })),
  });
}
