const onTile = (glyph: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0b5fff"/><g fill="none" stroke="#fff" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">${glyph}</g></svg>\n`;

/** What agents' programs show beside a resource or a prompt; the tile reads on light and on dark. */
export const NOUN_ICONS = {
  data: onTile(
    '<ellipse cx="16" cy="10" rx="8" ry="3"/><path d="M8 10v12c0 1.7 3.6 3 8 3s8-1.3 8-3V10M8 16c0 1.7 3.6 3 8 3s8-1.3 8-3"/>',
  ),
  file: onTile('<path d="M10 6h8l5 5v15H10zM18 6v5h5M13 16h7M13 20h7"/>'),
  guide: onTile('<path d="M16 9c-2-2-5-2-9-2v16c4 0 7 0 9 2 2-2 5-2 9-2V7c-4 0-7 0-9 2zM16 9v16"/>'),
  job: onTile('<path d="M16 6l2.5 6.5L25 15l-6.5 2.5L16 24l-2.5-6.5L7 15l6.5-2.5zM25 22v4M23 24h4"/>'),
  run: onTile('<circle cx="16" cy="16" r="10"/><path d="M13.5 11.5v9l7-4.5z" fill="#fff"/>'),
} as const;

export type NounIcon = keyof typeof NOUN_ICONS;
