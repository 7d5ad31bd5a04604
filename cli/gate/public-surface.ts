import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ERRORS } from '../../protocol/errors.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { SETTINGS } from '../settings/schema.ts';
import { ROOT_DIR } from '../stack/state-paths.ts';
import { loadWorkerTables } from './worker-tables.ts';

const SNAPSHOT = 'test/snapshots/public-surface.json';

/** What others build on: tools with their schemas, resources, prompts, skills, scopes, error codes, limits, settings and routes. */
async function describeSurface(): Promise<Record<string, unknown>> {
  const { offered, SKILLS, SCOPES, ROUTES } = await loadWorkerTables();
  return {
    tools: Object.fromEntries(
      offered.tools.map((tool) => [
        tool.name,
        {
          title: tool.title,
          needs: tool.needs,
          annotations: tool.annotations,
          input: z.toJSONSchema(tool.input, { io: 'input' }),
          output: z.toJSONSchema(tool.output, { io: 'input' }),
        },
      ]),
    ),
    resources: Object.fromEntries(
      offered.resources
        .filter(({ template }) => template.includes('{'))
        .map(({ template, name, needs }) => [template, { name, needs }]),
    ),
    prompts: Object.fromEntries(
      offered.prompts.map(({ name, needs, input }) => [
        name,
        { needs, input: z.toJSONSchema(input, { io: 'input' }) },
      ]),
    ),
    skills: SKILLS.map(({ uri }) => uri),
    scopes: Object.keys(SCOPES),
    errors: Object.fromEntries(
      Object.entries(ERRORS).map(([code, { status, retryable }]) => [code, { status, retryable }]),
    ),
    limits: Object.fromEntries(Object.entries(LIMITS).map(([name, { value }]) => [name, value])),
    settings: Object.fromEntries(
      Object.entries(SETTINGS).map(([name, { of, absent }]) => [name, { of, needed: absent === null }]),
    ),
    routes: ROUTES.map(({ method, path, credential }) => `${method} ${path} (${credential})`),
  };
}

/** Names that differ from the committed snapshot, as "tools.run_model changed". */
export async function compareSurface(): Promise<readonly string[]> {
  const committed = readSnapshot();
  if (committed === null) return [`${SNAPSHOT} is missing`];
  const current = JSON.parse(JSON.stringify(await describeSurface())) as Record<string, unknown>;
  return Object.keys({ ...committed, ...current }).flatMap((kind) =>
    differences(kind, committed[kind], current[kind]),
  );
}

export async function writeSurface(): Promise<void> {
  writeFileSync(join(ROOT_DIR, SNAPSHOT), `${JSON.stringify(await describeSurface(), null, 2)}\n`);
}

function readSnapshot(): Record<string, unknown> | null {
  try {
    return JSON.parse(readFileSync(join(ROOT_DIR, SNAPSHOT), 'utf8')) as Record<string, unknown>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function differences(kind: string, committed: unknown, current: unknown): readonly string[] {
  const before = entriesOf(committed);
  const after = entriesOf(current);
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((name) => {
    if (!before.has(name)) return [`${kind}: ${name} is new`];
    if (!after.has(name)) return [`${kind}: ${name} is gone`];
    return JSON.stringify(before.get(name)) === JSON.stringify(after.get(name))
      ? []
      : [`${kind}: ${name} changed`];
  });
}

/** A list is compared by its items, an object by its keys. */
function entriesOf(value: unknown): Map<string, unknown> {
  if (Array.isArray(value)) return new Map(value.map((item) => [String(item), item]));
  return new Map(Object.entries((value ?? {}) as Record<string, unknown>));
}
