import { html } from 'hono/html';
import { explainFailure } from '../audit/sinks/explain-failure.ts';
import type { AuditSink } from '../database/audit-sinks.ts';
import { csrfField } from '../people/csrf.ts';
import type { Session } from '../people/session.ts';
import { confirmation } from './confirmation.ts';
import { type Markup, message, showPage } from './frame.ts';
import { moment } from './moment.ts';

/** A team that the person administers, with where its log is sent. */
export type TeamOfSinks = Session['tenants'][number] & { readonly sinks: readonly AuditSink[] };

export interface SinksPage {
  readonly session: Session;
  readonly teams: readonly TeamOfSinks[];
  readonly problem?: string | undefined;
  readonly done?: string | undefined;
  /** What was typed into the form of one team, where it was not accepted; without the access key. */
  readonly typed?: { readonly tenant: string; readonly form: URLSearchParams };
}

/** Where the audit log of each team is sent, what was not taken, and for owners the forms that change it. */
export function sinksPage({ session, teams, problem, done, typed }: SinksPage): Promise<Response> {
  return showPage({
    title: 'Where the audit log is sent',
    viewer: session,
    here: '/audit',
    isBroad: true,
    ...(problem === undefined ? {} : { status: 422 }),
    body: html`${problem === undefined ? '' : message('problem', problem)}${done === undefined ? '' : message('done', done)}
<p>Each place gets every entry, from the first on and in order. What it does not take is sent again for a day, is a dead letter then, and what follows is sent. <a href="/audit">The log itself</a></p>
${teams.length === 0 ? html`<p class="dim">Where the audit log of a team is sent is for its admins and owners.</p>` : ''}${teams.map((team) => teamPanel(session, team, typed?.tenant === team.tenantId ? typed.form : undefined))}`,
  });
}

function teamPanel(session: Session, team: TeamOfSinks, typed: URLSearchParams | undefined): Markup {
  const { tenantId, name, role, sinks } = team;
  return html`<section class="panel" aria-labelledby="${tenantId}"><h2 id="${tenantId}"><bdi>${name}</bdi></h2>
${
  sinks.length === 0
    ? html`<p class="dim">Nothing is sent anywhere yet.</p>`
    : html`<div class="scroll" tabindex="0" role="group" aria-labelledby="${tenantId}"><table>
<thead><tr><th scope="col">To</th><th scope="col">Waits</th><th scope="col">Not taken</th><th scope="col"><span class="dim">Change</span></th></tr></thead>
<tbody>${sinks.map((sink) => sinkRow(session, team, sink))}</tbody></table></div>`
}${role === 'owner' ? newSinkForm(session, tenantId, typed) : ''}</section>`;
}

function sinkRow(session: Session, { tenantId, role }: TeamOfSinks, sink: AuditSink): Markup {
  const { kind, url, settings, waiting, dead_letters } = sink;
  const path = `/audit/${tenantId}/sinks/${sink.sink}`;
  const isCopy = kind === 'blobs';
  const stream =
    settings.log_group === undefined ? '' : html`<br>${settings.log_group} ${settings.log_stream}`;
  return html`<tr><td>${isCopy ? 'The copy in the blob store of this deployment' : html`${KINDS[kind]}<br><code>${url}</code>${stream}`}<br><code class="id">${sink.sink}</code></td>
<td>${waiting}${troubleOf(sink)}</td>
<td>${deadLettersOf(sink)}</td>
<td>${
    role !== 'owner'
      ? ''
      : html`${
          sink.failures > 0 || dead_letters.some((letter) => !letter.is_asked_again)
            ? html`<form class="inline" method="post" action="${path}/resend">${csrfField(session)}<button class="quiet">Send again now</button></form>`
            : ''
        }${
          isCopy
            ? ''
            : confirmation(session, {
                opens: 'End',
                of: url,
                question: `It gets nothing more${kind === 'webhook' ? '' : ', and its access key is removed'}. What it has it keeps.`,
                action: `${path}/end`,
                button: 'End it',
              })
        }`
  }</td></tr>`;
}

/** The ranges that were given up, and once for each reason what it means. */
function deadLettersOf({ kind, dead_letters }: AuditSink): Markup | string {
  if (dead_letters.length === 0) return 'nothing';
  const reasons = [...new Set(dead_letters.map(({ reason }) => reason))];
  return html`${dead_letters.map(
    (letter) =>
      html`entries ${letter.from} to ${letter.until - 1}: ${letter.reason}, ${moment(letter.at)}${letter.is_asked_again ? ', to be sent again' : ''}<br>`,
  )}${reasons.map((reason) => html`<span class="dim">${reason}: ${explainFailure(reason, kind)}</span><br>`)}`;
}

/** What a sink that fails is told to its admins: what happened, what to do, and when it is tried again. */
function troubleOf({ kind, failures, last_failure, next_attempt_at }: AuditSink): Markup | '' {
  if (failures === 0) return '';
  const reason = last_failure ?? 'failed';
  const again = next_attempt_at === null ? '' : html` It is tried again from ${moment(next_attempt_at)} on.`;
  return html`<br><span class="badge bad">${reason}</span> ${failures === 1 ? 'once' : `${failures} times in a row`}<br>${explainFailure(reason, kind)}${again}`;
}

const KINDS = { webhook: 'Webhook', s3: 'S3 bucket', cloudwatch: 'CloudWatch log stream' } as const;

interface Field {
  readonly name: string;
  readonly label: string;
  readonly of: string;
}

const FIELDS: readonly Field[] = [
  {
    name: 'url',
    label: 'Address',
    of: 'https; of a bucket that of a folder, with a slash at its end; not of CloudWatch',
  },
  { name: 'region', label: 'Region', of: 'S3, CloudWatch' },
  { name: 'log_group', label: 'Log group', of: 'CloudWatch' },
  { name: 'log_stream', label: 'Log stream', of: 'CloudWatch' },
  { name: 'access_key_id', label: 'Access key id', of: 'S3, CloudWatch: one that may put and nothing else' },
  {
    name: 'secret_access_key',
    label: 'Secret access key',
    of: 'S3, CloudWatch: stored sealed and shown to nobody',
  },
];

function newSinkForm(session: Session, tenantId: string, typed: URLSearchParams | undefined): Markup {
  const kind = typed?.get('kind') ?? 'webhook';
  return html`<details class="confirm"${typed === undefined ? '' : html` open`}><summary>Send it elsewhere too</summary>
<form method="post" action="/audit/${tenantId}/sinks">${csrfField(session)}
<div class="field"><label for="kind-${tenantId}">What</label><select id="kind-${tenantId}" name="kind">${Object.entries(
    KINDS,
  ).map(
    ([value, label]) =>
      html`<option value="${value}"${value === kind ? html` selected` : ''}>${label}</option>`,
  )}</select></div>
${FIELDS.map((field) => fieldOf(field, tenantId, typed))}<button>Send it there</button></form></details>`;
}

function fieldOf({ name, label, of }: Field, tenantId: string, typed: URLSearchParams | undefined): Markup {
  const id = `${name}-${tenantId}`;
  const isSecret = name === 'secret_access_key';
  return html`<div class="field"><label for="${id}">${label}</label><input id="${id}" name="${name}" maxlength="1000" type="${isSecret ? 'password' : 'text'}" autocomplete="off" aria-describedby="${id}-of" value="${isSecret ? '' : (typed?.get(name) ?? '')}">
<span class="hint" id="${id}-of">${of}</span></div>`;
}

/** What signs what a webhook gets, this once: no other page has it. */
export function newSinkPage(session: Session, secret: string): Promise<Response> {
  return showPage({
    title: 'The secret of your webhook',
    viewer: session,
    body: html`${message('done', 'Copy it now: this is the only time that it is shown.')}
<div class="address"><code id="secret">${secret}</code><button data-copy="secret">Copy secret</button></div>
<p>Each batch is signed with it as <a href="https://www.standardwebhooks.com">Standard Webhooks</a> says: a receiver that checks the signature takes entries of this log from nobody else.</p>
<p><a href="/audit/sinks">I have copied it: back to where the log is sent</a></p>`,
  });
}
