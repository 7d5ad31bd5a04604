import { html } from 'hono/html';
import type { StoredSession } from '../database/sessions.ts';
import { csrfField } from '../people/csrf.ts';
import { pagesFor } from './navigation.ts';

/** Markup made by hono's `html`, which escapes what is put into it. */
export type Markup = ReturnType<typeof html>;

/** The person in whose name a page is shown. */
export interface Viewer extends Pick<StoredSession, 'userName' | 'userEmail' | 'tenants'> {
  readonly csrf: string;
}

export interface Page {
  readonly title: string;
  readonly body: Markup;
  /** 200 unless the page says that something was not accepted. */
  readonly status?: number;
  /** The person whose navigation is shown, with the way to sign out; null for pages before anyone is signed in. */
  readonly viewer: Viewer | null;
  /** Whether the page is wider, because it holds tables. */
  readonly isBroad?: boolean;
  /** The page's own path, where the navigation leads to it. */
  readonly here?: string;
  readonly cookies?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * A page for a person: one look, one set of headers. Never kept by a cache. Browsers send the Origin of a posted form
 * only where the referrer policy lets this origin know itself, so it is `same-origin`: other sites learn nothing either way.
 */
export async function showPage(page: Page): Promise<Response> {
  const { viewer } = page;
  const markup = await html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${page.title} · Causeway</title>
<link rel="stylesheet" href="/assets/style.css">
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<script src="/assets/script.js" defer></script>
</head>
<body>
<header class="bar">
<a class="brand" href="/">Causeway</a>
${viewer === null ? '' : navigation(viewer, page.here)}
</header>
<main class="${widthOf(page)}">
<h1>${page.title}</h1>
${page.body}
</main>
</body>
</html>`;
  const headers = new Headers({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'same-origin',
    ...page.headers,
  });
  for (const cookie of page.cookies ?? []) headers.append('set-cookie', cookie);
  return new Response(String(markup), { status: page.status ?? 200, headers });
}

function widthOf({ viewer, isBroad }: Page): string {
  if (viewer === null) return 'narrow';
  return isBroad === true ? 'broad' : 'wide';
}

function navigation(viewer: Viewer, here: string | undefined): Markup {
  return html`<nav aria-label="Your pages">
${pagesFor(viewer.tenants).map(
  ({ path, label }) =>
    html`<a href="${path}"${path === here ? html` aria-current="page"` : ''}>${label}</a>
`,
)}<form method="post" action="/logout">${csrfField(viewer)}<button class="link">Sign out</button></form>
</nav>`;
}

/** A sentence that says what was not accepted, or what was done; read out by screen readers. */
export function message(kind: 'problem' | 'done', text: string): Markup {
  return html`<p class="message ${kind}" role="${kind === 'problem' ? 'alert' : 'status'}">${text}</p>`;
}
