import type { Env } from '../env.ts';
import { compilePattern } from './compile-pattern.ts';

/**
 * Markup that has no business in a name, a title or a description. Everything is escaped where it is shown, so this is a
 * second wall, for whoever shows a name elsewhere. Files, SQL, data and messages of commits are never judged by it.
 */
const MARKUP = {
  html_tag: {
    says: 'an HTML tag or comment',
    // Words like <title> stand for something in plain text; a tag is what acts by itself, or has an attribute.
    pattern:
      /<(?:!--|!doctype|\?(?:php|xml)|\/?(?:script|style|iframe|frame|frameset|embed|applet|svg|math|img|marquee|portal)(?:[\s/>]|$)|[a-z][a-z0-9-]*\s+[a-z:-]+=)/iu,
  },
  script_protocol: {
    says: 'a script address',
    pattern: /(?:java|vb|live)[\t\n]?script:\S|data:[a-z]+\/[a-z0-9.+-]+[;,]/iu,
  },
  event_handler: {
    says: 'an event handler of HTML',
    pattern:
      /\bon(?:abort|animation[a-z]+|auxclick|before[a-z]+|blur|cancel|canplay|change|click|close|contextmenu|copy|cut|dblclick|drag[a-z]*|drop|ended|error|focus[a-z]*|formdata|hashchange|input|invalid|key(?:down|press|up)|load[a-z]*|message|mouse[a-z]+|page(?:hide|show)|paste|play|pointer[a-z]+|popstate|reset|resize|scroll[a-z]*|search|select[a-z]*|show|submit|toggle|touch[a-z]+|transition[a-z]+|unload|wheel)\s?=/iu,
  },
  template: {
    says: 'a template expression',
    pattern: /\{\{|[$#]\{|<[%#]|\{%/u,
  },
} as const;

export type MarkupKind = keyof typeof MARKUP;
export const MARKUP_KINDS = Object.keys(MARKUP) as readonly MarkupKind[];

/** What a deployment refuses in names, titles and descriptions. */
export interface RefusedText {
  readonly markup: readonly MarkupKind[];
  readonly patterns: readonly RegExp[];
}

export const REFUSED_BY_DEFAULT: RefusedText = { markup: MARKUP_KINDS, patterns: [] };

/** Kinds of markup with commas between, or `none`; null where one is unknown. */
export function parseMarkupKinds(text: string): readonly MarkupKind[] | null {
  if (text.trim() === 'none') return [];
  const named = text.split(',').map((kind) => kind.trim());
  const known = named.flatMap((name) => MARKUP_KINDS.filter((kind) => kind === name));
  return known.length === named.length ? known : null;
}

/** Patterns with blanks between (see {@link compilePattern}); null where one is none. */
export function parsePatterns(text: string): readonly RegExp[] | null {
  const compiled = text.split(/\s/).flatMap((pattern) => (pattern === '' ? [] : [compilePattern(pattern)]));
  const patterns = compiled.filter((pattern) => pattern !== null);
  return patterns.length === compiled.length ? patterns : null;
}

/** What the settings refuse. Throws where one is malformed; the start-up check has said so before anything is served. */
export function readRefusedText({
  REFUSED_MARKUP,
  REFUSED_PATTERNS,
}: Pick<Env, 'REFUSED_MARKUP' | 'REFUSED_PATTERNS'>): RefusedText {
  const markup = REFUSED_MARKUP === undefined ? MARKUP_KINDS : parseMarkupKinds(REFUSED_MARKUP);
  const patterns = parsePatterns(REFUSED_PATTERNS ?? '');
  if (markup === null || patterns === null)
    throw new Error('REFUSED_MARKUP or REFUSED_PATTERNS is malformed');
  return { markup, patterns };
}

/** The fault of a name, title or description as the end of a sentence; null where it has none. Pure. */
export function findRefused(text: string, { markup, patterns }: RefusedText): string | null {
  const kind = markup.find((name) => MARKUP[name].pattern.test(text));
  if (kind !== undefined)
    return `holds ${MARKUP[kind].says}, which has no business here; say it in plain words`;
  return patterns.some((pattern) => pattern.test(text))
    ? 'holds what this deployment does not take here'
    : null;
}
