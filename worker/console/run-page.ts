import { html } from 'hono/html';
import { describeQuantity } from '../../protocol/describe-quantity.ts';
import { LIMITS } from '../../protocol/limits.ts';
import type { RecordedOutcome } from '../../protocol/outcome.ts';
import type { RunRow } from '../database/runs.ts';
import type { Session } from '../people/session.ts';
import { chooseView } from '../runs/output/choose-view.ts';
import type { TablePage } from '../runs/output/page.ts';
import { showable } from '../runs/output/showable.ts';
import { type Markup, showPage } from './frame.ts';
import { moment } from './moment.ts';

export interface RunPage {
  readonly session: Session;
  readonly tenantId: string;
  readonly run: RunRow;
  /** How it stands, in a sentence. */
  readonly message: string;
  /** Text of the file that ran; null where it is no text that a page shows. */
  readonly program: string | null;
  /** The beginnings of small tables that it left, by name. */
  readonly tables: ReadonlyMap<string, TablePage>;
}

/** A run, for a person: how it ended, what it left and printed, and what it was made of. */
export function runPage(page: RunPage): Promise<Response> {
  const { session, tenantId, run } = page;
  const { outcome, manifest } = run;
  return showPage({
    title: manifest.kind === 'scratch' ? 'Scratch run' : manifest.entry,
    viewer: session,
    isBroad: true,
    body: html`<p class="dim">${run.run} · <a href="/projects/${tenantId}/${run.project}"><bdi>${run.projectName}</bdi></a> · ${moment(run.createdAt)}</p>
${howItStands(page)}
${outcome === null ? '' : whatItLeft(page, outcome)}
${outcome === null ? '' : html`${stream(page, outcome, 'stdout', 'What it printed')}${outcome.stderr.bytes === 0 ? '' : stream(page, outcome, 'stderr', 'What it wrote to stderr')}`}
${whatItWasMadeOf(page)}`,
  });
}

function howItStands({ run, message }: RunPage): Markup {
  const { outcome, agentSees } = run;
  const state = outcome?.state ?? 'active';
  return html`<section class="panel" aria-labelledby="state"><h2 id="state">${state.replaceAll('_', ' ')}</h2>
<p>${showable(message)}</p>
${outcome?.error ? html`<p><code>${showable(`${outcome.error.type}: ${outcome.error.message}`)}</code>${outcome.error.path === null ? '' : html`<br><span class="dim">${showable(outcome.error.path)}${outcome.error.line === null ? '' : `, line ${outcome.error.line}`}</span>`}</p>` : ''}
${outcome?.limit ? html`<p class="dim">${LIMITS[outcome.limit.name].says}: ${describeQuantity(outcome.limit.value, LIMITS[outcome.limit.name].unit)}</p>` : ''}
${outcome === null ? html`<p class="dim">Open the page again to see how it ended.</p>` : html`<p class="dim">${seconds(outcome.timings.finished_ms)} in all${outcome.usage.cpu_ms === null ? '' : `, ${seconds(outcome.usage.cpu_ms)} of CPU`}</p>`}
${agentSees === 'full' ? '' : html`<p><span class="badge">people only</span> It had data of which agents see the schema only: they are told how it ended and what kinds of files it left, and nothing else of this page.</p>`}</section>`;
}

function whatItLeft(page: RunPage, { outputs, expired }: RecordedOutcome): Markup {
  const { outputs: gone = [], outputs_at: goneAt } = expired ?? {};
  return html`<section class="panel" aria-labelledby="left"><h2 id="left">What it left</h2>
${
  outputs.length + gone.length === 0
    ? html`<p class="dim">No file.</p>`
    : html`<div class="scroll" tabindex="0" role="group" aria-labelledby="left"><table>
<thead><tr><th scope="col">File</th><th scope="col">Type</th><th scope="col">Size</th></tr></thead>
<tbody>${outputs.map(
        ({ name, media_type: type, bytes }) =>
          html`<tr><td><a href="${addressOf(page, name)}" download><bdi>${showable(name)}</bdi></a></td><td>${type}</td><td>${describeQuantity(bytes, 'bytes')}</td></tr>`,
      )}${gone.map(
        ({ name, media_type: type, bytes }) =>
          html`<tr><td><bdi>${showable(name)}</bdi><br><span class="badge">expired</span> <span class="dim">kept until ${goneAt === undefined ? '' : moment(goneAt)}</span></td><td>${type}</td><td>${describeQuantity(bytes, 'bytes')}</td></tr>`,
      )}</tbody></table></div>`
}
${outputs.map((output) => preview(page, output))}</section>`;
}

function preview(page: RunPage, output: RecordedOutcome['outputs'][number]): Markup | '' {
  const table = page.tables.get(output.name);
  if (table !== undefined) return tablePreview(output.name, table);
  if (chooseView(output) !== 'image') return '';
  return html`<h3><bdi>${showable(output.name)}</bdi></h3><p><img class="output" src="${addressOf(page, output.name)}" alt="${showable(output.name)}"></p>`;
}

function tablePreview(name: string, { columns, rows, total }: TablePage): Markup {
  const label = `${showable(name)}: ${rows.length === total ? `${total} rows` : `the first ${rows.length} of ${total} rows`}`;
  return html`<h3>${label}</h3>
<div class="scroll" tabindex="0" role="group" aria-label="${label}"><table>
<thead><tr>${columns.map((column) => html`<th scope="col">${showable(column)}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell === null ? '' : showable(String(cell))}</td>`)}</tr>`)}</tbody></table></div>`;
}

function stream(page: RunPage, outcome: RecordedOutcome, name: 'stdout' | 'stderr', title: string): Markup {
  const { inline, bytes, truncated } = outcome[name];
  const gone = outcome.expired?.log_at;
  if (gone !== undefined && bytes > 0)
    return html`<section class="panel" aria-labelledby="${name}"><h2 id="${name}">${title}</h2>
<p><span class="badge">expired</span> <span class="dim">${describeQuantity(bytes, 'bytes')}, kept until ${moment(gone)}</span></p></section>`;
  return html`<section class="panel" aria-labelledby="${name}"><h2 id="${name}">${title}</h2>
${bytes === 0 ? html`<p class="dim">Nothing.</p>` : html`<pre class="text" tabindex="0">${showable(inline)}</pre>`}
${truncated ? html`<p><a href="${addressOf(page, name)}" download>All that was kept of its ${describeQuantity(bytes, 'bytes')}</a></p>` : ''}</section>`;
}

function whatItWasMadeOf({ run, program }: RunPage): Markup {
  const { manifest } = run;
  const data = manifest.data.map(({ name }) => name).join(', ');
  return html`<section class="panel" aria-labelledby="made"><h2 id="made">What it was made of</h2>
<p>${manifest.kind === 'scratch' ? 'A script that was not committed' : html`<code>${manifest.entry}</code>`}${manifest.commit === null ? '' : html`${manifest.kind === 'scratch' ? ', beside the files' : ''} at <code>${manifest.commit.slice(0, 7)}</code>`}; ${data === '' ? 'no data' : html`data: ${data}`}.</p>
<p>Parameters: <code>${JSON.stringify(manifest.parameters)}</code></p>
${program === null ? '' : html`<pre class="text" tabindex="0">${program}</pre>`}</section>`;
}

function addressOf({ tenantId, run }: RunPage, name: string): string {
  return `/runs/${tenantId}/${run.run}/outputs/${encodeURIComponent(name)}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 0)} s`;
}
