import type { Tool as WireTool } from '@modelcontextprotocol/server';
import { z } from 'zod';

type Json = Readonly<Record<string, unknown>>;
type Lean = WireTool['inputSchema'];

/**
 * What `parseArguments` judges, with a sentence for each fault, and what an agent does not go by when it makes a call.
 * Bounds of numbers stay: it chooses within them.
 */
const JUDGED = new Set([
  ...['minLength', 'maxLength', 'pattern', 'format'],
  ...['minItems', 'maxItems', 'propertyNames', 'additionalProperties'],
]);

const BEYOND_ANYBODY = 100_000_000;

/**
 * The schema of arguments as agents read it, every token of which is paid for in each conversation. What is left out only
 * allows more; the zod schema goes on to judge. Pure.
 */
export function leanInput(schema: z.ZodObject): Lean {
  const { $schema: _, ...whole } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return mapObjects(whole, (part) => without(part, isJudged)) as Lean;
}

/**
 * The schema of an answer as agents read it: its fields with their types, and what an inner object holds by the names of
 * its fields, and an enumeration by its values. All of them are there, but for what a description calls optional. Pure.
 */
export function leanOutput(schema: z.ZodObject): Lean {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' });
  return { type: 'object', properties: mapValues(properties, (field) => leanField(field as Json)) } as Lean;
}

function isJudged(key: string, value: unknown): boolean {
  if (key === 'default') return value === '' || value === false || isEmptyObject(value);
  // Nobody asks for less than nothing, nor for so much: zod writes the bounds of safe integers where a schema has none.
  if (key === 'minimum') return Number(value) <= 1;
  if (key === 'maximum') return Number(value) >= BEYOND_ANYBODY;
  return JUDGED.has(key);
}

function leanField(field: Json): Json {
  const { type, description, ...more } = orNull(field);
  const inner = isJson(more.items) ? more.items : more;
  const names = (Array.isArray(more.enum) ? more.enum : Object.keys(inner.properties ?? {})).join(', ');
  const says = [names, description ?? inner.description ?? ''].filter((text) => text !== '').join('; ');
  const items = type === 'array' && names === '' && isJson(inner) ? itemsOf(inner) : {};
  return { type: type ?? 'string', ...items, ...(says === '' ? {} : { description: says }) };
}

/** The type of an array's elements where it is simple; of others the description says what they hold. */
function itemsOf({ type }: Json): Json {
  return type === undefined || type === 'object' ? {} : { items: { type } };
}

/** `anyOf` of one schema and null, as one schema: `type: ["object", "null"]`. */
function orNull({ anyOf, ...rest }: Json): Json {
  if (!Array.isArray(anyOf)) return rest;
  const others = anyOf.filter((inner) => isJson(inner) && inner.type !== 'null') as Json[];
  const [other] = others;
  return other === undefined || others.length > 1 ? rest : { ...rest, ...other, type: [other.type, 'null'] };
}

/** A schema with each object in it changed, the inner ones first; names of properties are left alone. */
function mapObjects(schema: Json, change: (part: Json) => Json): Json {
  const { properties, items, ...rest } = schema;
  return change({
    ...rest,
    ...(isJson(properties) && !isEmptyObject(properties)
      ? { properties: mapValues(properties, (inner) => mapObjects(inner as Json, change)) }
      : {}),
    ...(isJson(items) ? { items: mapObjects(items, change) } : {}),
  });
}

function without(part: Json, isLeftOut: (key: string, value: unknown) => boolean): Json {
  return Object.fromEntries(Object.entries(part).filter(([key, value]) => !isLeftOut(key, value)));
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isEmptyObject(value: unknown): boolean {
  return isJson(value) && Object.keys(value).length === 0;
}

function mapValues(value: Json, change: (inner: unknown) => unknown): Json {
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, change(inner)]));
}
