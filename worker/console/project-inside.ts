import { html } from 'hono/html';
import { describeQuantity } from '../../protocol/describe-quantity.ts';
import { type CsrfHolder, csrfField } from '../people/csrf.ts';
import type { ProjectInside } from '../projects/look-inside.ts';
import { showable } from '../runs/output/showable.ts';
import type { AgentSees } from '../sight/agent-sees.ts';
import { confirmation } from './confirmation.ts';
import type { Markup } from './frame.ts';
import { moment } from './moment.ts';

interface Shown {
  readonly session: CsrfHolder;
  readonly tenantId: string;
  /** The path of the project's page. */
  readonly path: string;
  /** Whether the person may say what agents see. */
  readonly administers: boolean;
}

const SEES: Readonly<Record<AgentSees, string>> = { full: 'all of it', schema_only: 'its schema only' };

/** What a project holds: its data, and what agents see of each; its newest runs. */
export function projectInside(shown: Shown, inside: ProjectInside): Markup {
  return html`${dataPanel(shown, inside)}${runsPanel(shown, inside)}`;
}

function dataPanel(shown: Shown, { sources, sourcesTotal, defaults }: ProjectInside): Markup {
  return html`<section class="panel" aria-labelledby="data"><h2 id="data">Data</h2>
<p class="dim">Of data with the schema only, agents see names and types of columns. They can compute with it; what their runs leave and print opens here, for people.</p>
${
  sources.length === 0
    ? html`<p class="dim">None yet. Agents import it.</p>`
    : html`<div class="scroll" tabindex="0" role="group" aria-labelledby="data"><table>
<thead><tr><th scope="col">Name</th><th scope="col">Holds</th><th scope="col">Imported</th><th scope="col">Agents see</th></tr></thead>
<tbody>${sources.map((source) => sourceRow(shown, source))}</tbody></table></div>
${sourcesTotal > sources.length ? html`<p class="dim">The first ${sources.length} of ${sourcesTotal}.</p>` : ''}`
}
${shown.administers ? defaultForm(shown, defaults) : ''}</section>`;
}

function sourceRow({ session, path, administers }: Shown, source: ProjectInside['sources'][number]): Markup {
  const { name, format, agent_sees: sees } = source;
  const action = `${path}/data/${name}/agent-sees`;
  const change =
    sees === 'full'
      ? confirmation(session, {
          opens: 'Show the schema only',
          of: name,
          question:
            'Runs that had it, and all that was computed from these, are then for people. What agents have seen until now they have seen.',
          action,
          button: `Show agents the schema of ${name}`,
          fields: html`<input type="hidden" name="agent_sees" value="schema_only">`,
        })
      : confirmation(session, {
          opens: 'Show all of it',
          of: name,
          question:
            'Agents will see its rows, also when other data is imported into it, and what runs that start from now on make of it. Earlier runs stay for people.',
          action,
          button: `Show agents all of ${name}`,
          fields: html`<input type="hidden" name="agent_sees" value="full">`,
        });
  const size = source.bytes === null ? '' : describeQuantity(source.bytes, 'bytes');
  return html`<tr><td><code>${name}</code></td><td>${counted(source.row_count, 'row')}, ${counted(source.column_count, 'column')}<br><span class="dim">${format}, ${size}</span></td><td>${source.imported_at === null ? '' : moment(source.imported_at)}</td><td>${SEES[sees]}${administers ? change : ''}</td></tr>`;
}

function counted(count: number | null, noun: string): string {
  return `${count?.toLocaleString('en') ?? '?'} ${noun}${count === 1 ? '' : 's'}`;
}

function defaultForm({ session, path }: Shown, { tenant, project }: ProjectInside['defaults']): Markup {
  if (tenant === 'schema_only')
    return html`<p>Of new data agents see the schema only: so it is for the whole team.</p>`;
  return html`<h3>New data</h3>
${agentSeesForm(session, `${path}/agent-sees`, project ?? 'full', 'Of new data in this project, agents see')}`;
}

/** A form that says what agents see of new data. */
export function agentSeesForm(session: CsrfHolder, action: string, now: AgentSees, label: string): Markup {
  const option = (value: AgentSees) =>
    html`<option value="${value}"${value === now ? html` selected` : ''}>${SEES[value]}</option>`;
  return html`<form class="inline" method="post" action="${action}">${csrfField(session)}<label>${label} <select name="agent_sees">${option('full')}${option('schema_only')}</select></label><button class="quiet">Change</button></form>`;
}

function runsPanel({ tenantId, path }: Shown, { runs, runsTotal, runsCursor }: ProjectInside): Markup {
  return html`<section class="panel" aria-labelledby="runs"><h2 id="runs">Runs</h2>
${
  runs.length === 0
    ? html`<p class="dim">None yet.</p>`
    : html`<p class="dim">${runsTotal === 1 ? 'One run' : `${runsTotal} runs, newest first`}</p>
<div class="scroll" tabindex="0" role="group" aria-labelledby="runs"><table>
<thead><tr><th scope="col">Run</th><th scope="col">When</th><th scope="col">How it ended</th></tr></thead>
<tbody>${runs.map(
        ({ run, kind, entry, state, message, createdAt, agentSees }) =>
          html`<tr><td><a href="/runs/${tenantId}/${run}"><bdi>${kind === 'scratch' ? '(scratch)' : entry}</bdi></a>${agentSees === 'full' ? '' : html` <span class="badge">people only</span>`}<br><code class="id">${run}</code></td><td>${moment(createdAt)}</td><td>${stateOf(state)}<br><span class="dim">${showable(message ?? '')}</span></td></tr>`,
      )}</tbody></table></div>
${runsCursor === null ? '' : html`<p><a href="${path}?runs_after=${runsCursor}#runs">Older runs</a></p>`}`
}</section>`;
}

/** How a run stands; what did not succeed is marked, as in the logs. */
function stateOf(state: ProjectInside['runs'][number]['state']): Markup | string {
  if (state === 'queued') return 'active';
  return state === 'succeeded' ? state : html`<span class="badge bad">${state.replaceAll('_', ' ')}</span>`;
}
