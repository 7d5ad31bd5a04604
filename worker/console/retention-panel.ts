import { html } from 'hono/html';
import { RETAINED, type Retained, type Retention } from '../database/retention.ts';
import type { CsrfHolder } from '../people/csrf.ts';
import { retainDaysMin } from '../tenants/retention/parse-wish.ts';
import { periodText, RETAINED_WORDS } from '../tenants/retention/retention-words.ts';
import { confirmation } from './confirmation.ts';
import type { Markup } from './frame.ts';

const OFFERED = [7, 30, 90, 180, 365, 730, 1825, 3650];

/** For how long a team keeps what, and the form by which an owner says so. */
export function retentionPanel(
  session: CsrfHolder,
  team: { readonly tenantId: string; readonly name: string },
  retention: Retention,
): Markup {
  return html`<h3>How long it keeps things</h3>
<table><tbody>${RETAINED.map(
    (kind) =>
      html`<tr><th scope="row">${label(kind)}</th><td>${periodText(retention[kind].days)}${retention[kind].is_own ? '' : html` <span class="dim">the default here</span>`}</td></tr>`,
  )}</tbody></table>
${confirmation(session, {
  opens: 'Change how long',
  of: team.name,
  question:
    'What is over its time then goes for good within two days. A run stays as a record without what it printed or left, and says so. Data that a kept run had stays with it.',
  action: `/teams/${team.tenantId}/retention`,
  button: 'Keep it so long',
  fields: html`${RETAINED.map((kind) => field(team.tenantId, kind, retention[kind]))}`,
})}`;
}

function field(tenant: string, kind: Retained, { days, is_own: isOwn }: Retention[Retained]): Markup {
  const chosen = !isOwn ? 'default' : days === null ? 'for-ever' : String(days);
  const offered = [...new Set([...OFFERED, ...(days === null ? [] : [days])])]
    .filter((each) => each >= retainDaysMin(kind))
    .sort((a, b) => a - b);
  const option = (value: string, text: string) =>
    html`<option value="${value}"${value === chosen ? html` selected` : ''}>${text}</option>`;
  return html`<div class="field"><label for="${kind}-${tenant}">${label(kind)}</label><select id="${kind}-${tenant}" name="${kind}">${option('default', 'the default here')}${option('for-ever', 'for ever')}${offered.map((each) => option(String(each), periodText(each)))}</select></div>`;
}

function label(kind: Retained): string {
  const { what } = RETAINED_WORDS[kind];
  return `${what.charAt(0).toUpperCase()}${what.slice(1)}`;
}
