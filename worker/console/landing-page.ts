import { html } from 'hono/html';
import { CLIENTS, CLOUD_CLIENTS } from './clients.ts';

/** What a browser sees at `/` and `/mcp`: what this is, and one copy button a client. It holds nothing of any tenant. */
export async function landingPage(publicUrl: string): Promise<Response> {
  const mcpUrl = `${publicUrl}/mcp`;
  const page = await html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Causeway</title>
<link rel="stylesheet" href="/assets/style.css">
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<script src="/assets/script.js" defer></script>
</head>
<body>
<main>
<p class="sign-in"><a href="/account">Sign in</a></p>
<h1>Causeway</h1>
<p class="lead">Bring your own agent. It keeps versioned projects here, writes Python models, attaches data, and runs them in sandboxes that have no network.</p>
<div class="address"><code id="mcp-url">${mcpUrl}</code><button data-copy="mcp-url">Copy address</button></div>
<p>This is an MCP endpoint: add its address to your agent, not to a browser. The agent sends you here to sign in and asks for what it needs; you decide. A script uses an API token instead, as <code>Authorization: Bearer btk_…</code>.</p>
<h2>Connect a client</h2>
${Object.entries(CLIENTS).map(
  ([id, client]) => html`<section class="client">
<header><h3>${client.title}<small>Paste into ${client.where}</small></h3><button data-copy="client-${id}">Copy</button></header>
<pre id="client-${id}">${client.text({ mcpUrl, apiToken: null })}</pre>
</section>`,
)}
<p>${CLOUD_CLIENTS}</p>
<footer>Causeway never calls a language model and receives no conversation: it stores what an agent puts into typed fields.</footer>
</main>
</body>
</html>`;
  return new Response(String(page), {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'public, max-age=60',
      vary: 'accept',
    },
  });
}
