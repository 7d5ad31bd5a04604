import { Refusal } from '../http/refusal.ts';
import { FORM_STYLE } from './form-style.ts';
import { ICON } from './icon.ts';
import { NOUN_ICONS } from './noun-icons.ts';
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';

const ASSETS: Readonly<Record<string, { readonly type: string; readonly text: string }>> = {
  'style.css': { type: 'text/css; charset=utf-8', text: `${STYLE}${FORM_STYLE}` },
  'icon.svg': { type: 'image/svg+xml', text: ICON },
  ...Object.fromEntries(
    Object.entries(NOUN_ICONS).map(([noun, text]) => [`${noun}.svg`, { type: 'image/svg+xml', text }]),
  ),
  'script.js': { type: 'text/javascript; charset=utf-8', text: SCRIPT },
};

/**
 * Style and script of the pages, from this origin, because the content security policy allows no other, and the icons that
 * agents' programs show.
 */
export function assets(file: string): Response {
  const asset = Object.hasOwn(ASSETS, file) ? ASSETS[file] : undefined;
  if (asset === undefined) throw new Refusal('not_found', 'There is no such asset.');
  return new Response(asset.text, {
    headers: { 'content-type': asset.type, 'cache-control': 'public, max-age=300' },
  });
}
