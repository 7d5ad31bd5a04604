const TYPES: ReadonlyMap<string, string> = new Map([
  ['csv', 'text/csv'],
  ['html', 'text/html'],
  ['json', 'application/json'],
  ['jsonl', 'application/jsonl'],
  ['md', 'text/markdown'],
  ['py', 'text/x-python'],
  ['sql', 'application/sql'],
  ['svg', 'image/svg+xml'],
  ['toml', 'application/toml'],
  ['tsv', 'text/tab-separated-values'],
  ['yaml', 'application/yaml'],
  ['yml', 'application/yaml'],
]);

/** The media type of a project's file, all of which are text, by its extension. */
export function textType(path: string): string {
  const extension = /\.([A-Za-z0-9]+)$/.exec(path)?.[1]?.toLowerCase();
  return TYPES.get(extension ?? '') ?? 'text/plain';
}
