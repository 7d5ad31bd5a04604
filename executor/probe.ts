import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { limit } from '../protocol/limits.ts';
import { captureStream } from './capture-stream.ts';
import { parseJson } from './parse-json.ts';
import type { EndFacts, Engine, SandboxSpec } from './sandbox/engine.ts';
import { DEFAULT_LIMITS, WARM_SPEC } from './sandbox-plan.ts';

const PROBE_WALL_MS = 30_000;
const PROBE_OUTPUT_BYTES_MAX = 256 * 1024;
/** Small, so that a host without working caps is not hurt by finding it out. */
const PROBE_MEMORY_BYTES = 128 * 1024 * 1024;
const PROBE_PROCESSES_MAX = 32;

const DID_NOT_END = 'the probe did not end in time';

const PIECES = ['isolation', 'memory', 'processes'] as const;
type Piece = (typeof PIECES)[number];

const checkSchema = z.object({ name: z.string(), ok: z.boolean(), detail: z.string() });
export type ProbeCheck = z.infer<typeof checkSchema>;

export interface ProbeReport {
  readonly ok: boolean;
  readonly checks: readonly ProbeCheck[];
  readonly tookMs: number;
}

interface Played {
  readonly facts: EndFacts;
  readonly text: string;
  readonly timedOut: boolean;
}

/** What the checks of one piece were, from its output and from what was seen of it outside. Pure. */
export function judgePiece(piece: Piece, played: Played): ProbeCheck[] {
  const checks = played.text.split('\n').flatMap((line): ProbeCheck[] => {
    if (line === '') return [];
    const check = checkSchema.safeParse(parseJson(line));
    return check.success ? [check.data] : [{ name: piece, ok: false, detail: line.slice(0, 300) }];
  });
  const isComplete = checks.some((check) => check.name === `${piece} complete`);
  if (piece === 'memory') {
    const ok = played.facts.oomKills > 0;
    const mib = PROBE_MEMORY_BYTES / 1024 / 1024;
    const missed = isComplete ? `a program went beyond ${mib} MiB of memory` : endOf(played);
    return [{ name: 'memory', ok, detail: ok ? `ended at ${mib} MiB` : missed }];
  }
  if (isComplete) return checks.filter((check) => check.name !== `${piece} complete`);
  return [...checks, { name: piece, ok: false, detail: endOf(played) }];
}

function endOf({ timedOut, facts }: Played): string {
  return timedOut ? DID_NOT_END : `the probe ended early: ${facts.exitCode}`;
}

/**
 * Proves the isolation of this host before it serves: hostile programs in sandboxes of their own try the network, writes,
 * privileges, the environment, memory and processes. It is played at each start and its answer is kept nowhere: kernel,
 * engine, image and settings can all change between two starts, and it takes a second or two.
 */
export async function probe(
  engine: Engine,
  imageEnvironment: Readonly<Record<string, string>>,
): Promise<ProbeReport> {
  const sinceMs = performance.now();
  const source = readFileSync(join(import.meta.dirname, 'probe.py'), 'utf8');
  const environment = [
    ...Object.keys(imageEnvironment),
    ...Object.keys(WARM_SPEC.environment),
    'CAUSEWAY_PROGRESS_FD',
    'LC_CTYPE',
  ];
  const checks = await Promise.all(
    PIECES.map(async (piece): Promise<ProbeCheck[]> => {
      const played = await playPiece(engine, source, {
        piece,
        environment,
        processes_max: PROBE_PROCESSES_MAX,
        memory_bytes: PROBE_MEMORY_BYTES,
        folder_bytes_max: {
          '/outputs': DEFAULT_LIMITS.outputsBytesMax,
          '/tmp': DEFAULT_LIMITS.tmpBytesMax,
        },
      });
      return typeof played === 'string'
        ? [{ name: piece, ok: false, detail: played }]
        : judgePiece(piece, played);
    }),
  );
  const all = checks.flat();
  return { ok: all.every((check) => check.ok), checks: all, tookMs: Math.round(performance.now() - sinceMs) };
}

/** Runs one piece; a sentence where its sandbox did not start. */
async function playPiece(
  engine: Engine,
  source: string,
  parameters: { readonly piece: Piece } & Readonly<Record<string, unknown>>,
): Promise<Played | string> {
  const spec: SandboxSpec = {
    ...WARM_SPEC,
    limits: {
      ...DEFAULT_LIMITS,
      processesMax: PROBE_PROCESSES_MAX,
      memoryBytes: parameters.piece === 'memory' ? PROBE_MEMORY_BYTES : DEFAULT_LIMITS.memoryBytes,
    },
    imports: [],
    priority: 'run',
  };
  const start = await engine.start(spec).started;
  if (!start.ok) return start.reason;
  const { sandbox } = start;
  let timedOut = false;
  const wall = setTimeout(() => {
    timedOut = true;
    sandbox.stop();
  }, PROBE_WALL_MS);
  try {
    await writeFile(join(sandbox.folders.repo, 'probe.py'), source, { mode: 0o444 });
    await writeFile(join(sandbox.folders.inputs, 'parameters.json'), JSON.stringify(parameters), {
      mode: 0o444,
    });
    const output = captureStream(PROBE_OUTPUT_BYTES_MAX);
    const errors = captureStream(PROBE_OUTPUT_BYTES_MAX);
    sandbox.stdout.on('data', (chunk: Buffer) => output.add(chunk));
    sandbox.stderr.on('data', (chunk: Buffer) => errors.add(chunk));
    sandbox.go({
      entry: 'probe.py',
      environment: {},
      seed: 0,
      memoryBytes: limit('run_memory_bytes_max'),
      processesMax: PROBE_PROCESSES_MAX,
    });
    const facts = await sandbox.ended;
    const text = output.kept().toString('utf8');
    return {
      facts,
      timedOut,
      text: facts.exitCode === 0 ? text : `${text}${lastLine(errors.kept().toString())}`,
    };
  } finally {
    clearTimeout(wall);
    await sandbox.destroy();
  }
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}

const REMEDY =
  'Run the executor as root on a Linux host with cgroups (memory, pids, cpu), gVisor of 2023-08 or newer on systrap, and tmpfs mounts that it may make; `--self-test` shows each check.';

/** What to say when a probe got through. */
export function describeFailure(report: ProbeReport): string {
  const failed = report.checks.filter((check) => !check.ok).map((check) => `${check.name} (${check.detail})`);
  return `This host does not isolate runs: ${failed.slice(0, 5).join('; ')}. Nothing is served. ${REMEDY}`;
}
