/** A template, taken apart once. */
export interface UriTemplate {
  /** Parts of the path, the authority first. */
  readonly scheme: string;
  readonly segments: readonly Segment[];
  /** Names of the path's variables; a template without any names one resource. */
  readonly variables: readonly string[];
}

type Segment = { readonly literal: string } | { readonly variable: string };

const URI_CHARS_MAX = 4096;
const PARTS = /^([a-z][a-z0-9+.-]*):\/\/([^?#]*)(?:\?([^#]*))?$/;

/** Takes `scheme://{a}/b/{c}{?d}` apart. The query's names are judged elsewhere, with the variables. */
export function parseTemplate(template: string): UriTemplate {
  const [, scheme, path] = PARTS.exec(template.replace(/\{\?[^{}]*\}$/, '')) ?? [];
  if (scheme === undefined || path === undefined) throw new Error(`no template of a URI: ${template}`);
  const segments = path.split('/').map((text): Segment => {
    const variable = /^\{(\w+)\}$/.exec(text)?.[1];
    return variable === undefined ? { literal: text } : { variable };
  });
  return {
    scheme,
    segments,
    variables: segments.flatMap((segment) => ('variable' in segment ? [segment.variable] : [])),
  };
}

/**
 * The variables in a URI of this template, percent-decoded, with its query's; null where it is none. A variable at the end of
 * a path takes the rest of the path, slashes included: a file's path may be written with `/` or with `%2F`. A name that is given
 * twice becomes a list, which no schema accepts. Pure.
 */
export function matchUri(
  template: UriTemplate,
  uri: string,
): Readonly<Record<string, string | readonly string[]>> | null {
  if (uri.length > URI_CHARS_MAX) return null;
  const [, scheme, path = '', query = ''] = PARTS.exec(uri) ?? [];
  if (scheme !== template.scheme) return null;
  const given = partsOf(template, path);
  const inQuery = query === '' ? [] : query.split('&').map(pairOf);
  if (given === null || inQuery.includes(null)) return null;
  const all = [...given, ...(inQuery as readonly [string, string][])];
  const found: Record<string, string | readonly string[]> = Object.create(null);
  for (const [name, value] of all) {
    const before = found[name];
    found[name] = before === undefined ? value : [before, value].flat();
  }
  return { ...found };
}

/** A URI of a template: `expandUri('project://{project}/{path}', {…})`. Slashes of the last variable stay readable. */
export function expandUri(template: string, variables: Readonly<Record<string, string>>): string {
  return template
    .replace(/\{\?[^{}]*\}$/, '')
    .replace(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent(variables[name] ?? '').replaceAll('%2F', '/'),
    );
}

/** `uri` with a parameter of its query set. */
export function withParameter(uri: string, name: string, value: string | number): string {
  const [path = '', query = ''] = uri.split('?');
  const others = query.split('&').filter((pair) => pair !== '' && !pair.startsWith(`${name}=`));
  return `${path}?${[...others, `${name}=${encodeURIComponent(value)}`].join('&')}`;
}

function partsOf({ segments }: UriTemplate, path: string): [string, string][] | null {
  const texts = path.split('/');
  const last = segments.at(-1);
  if (segments.length > 1 && last !== undefined && 'variable' in last && texts.length > segments.length)
    texts.splice(segments.length - 1, texts.length, texts.slice(segments.length - 1).join('/'));
  if (texts.length !== segments.length) return null;
  const found: [string, string][] = [];
  for (const [index, segment] of segments.entries()) {
    const text = decoded(texts[index] ?? '');
    if (text === null) return null;
    if ('variable' in segment) found.push([segment.variable, text]);
    else if (segment.literal !== text) return null;
  }
  return found;
}

function pairOf(pair: string): [string, string] | null {
  const [name, value] = [pair.split('=', 1)[0] ?? '', pair.slice(pair.indexOf('=') + 1)].map(decoded);
  return pair.includes('=') && name != null && value != null ? [name, value] : null;
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
