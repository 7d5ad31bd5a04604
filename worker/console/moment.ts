import { html } from 'hono/html';
import type { Markup } from './frame.ts';

/** A time as `2026-11-21 21:45 UTC`: pages are made where nobody's time zone is known. */
export function moment(iso: string): Markup {
  const at = new Date(iso).toISOString();
  return html`<time datetime="${at}">${at.slice(0, 10)} ${at.slice(11, 16)} UTC</time>`;
}

/** The same to the second, for logs, where what follows what is what one looks for. */
export function second(iso: string): Markup {
  const at = new Date(iso).toISOString();
  return html`<time datetime="${at}">${at.slice(0, 10)} ${at.slice(11, 19)} UTC</time>`;
}

/** The day alone, where the hour says nothing. */
export function day(iso: string): Markup {
  const at = new Date(iso).toISOString();
  return html`<time datetime="${at}">${at.slice(0, 10)}</time>`;
}
