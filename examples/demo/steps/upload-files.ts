import { createReadStream, readFileSync, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import type { Agent } from '../agent.ts';
import { vegaFile } from '../files.ts';
import { dataReply, uploadReply } from '../replies.ts';
import type { Screen } from '../screen.ts';
import type { DemoStep } from '../step.ts';

const MB = 1_000_000;

export const uploadFiles: DemoStep = {
  name: 'create_upload',
  title: 'create_upload: three million rows go to a one-use address, by PUT',
  async run({ agent, screen, project, learned }) {
    if (learned.absent?.includes('pyarrow'))
      screen.say('flights are left out: the image has no Parquet reader');
    else await uploadFlights(agent, screen, project);
    const lines = new TextEncoder().encode(jsonLines(readFileSync(vegaFile('budget.json'), 'utf8')));
    const budget = { project, name: 'budget', format: 'jsonl' };
    const described = await importUpload(agent, budget, lines, lines.byteLength);
    screen.say(`budget: ${described.row_count} rows, ${described.column_count} columns, as JSON lines`);
  },
};

async function uploadFlights(agent: Agent, screen: Screen, project: string): Promise<void> {
  const path = vegaFile('flights-3m.parquet');
  const bytes = statSync(path).size;
  const since = performance.now();
  const body = Readable.toWeb(createReadStream(path)) as ReadableStream<Uint8Array>;
  const source = { project, name: 'flights', format: 'parquet' };
  const data = await importUpload(agent, source, body, bytes, (curl) =>
    screen.say(curl.replace(/\/uploads\/[^']*/, '/uploads/…')),
  );
  const seconds = ((performance.now() - since) / 1000).toFixed(1);
  const rows = data.row_count.toLocaleString('en');
  screen.say(
    `flights: ${rows} rows, ${(bytes / MB).toFixed(1)} MB sent, checked and described in ${seconds} s`,
  );
}

async function importUpload(
  agent: Agent,
  source: { readonly project: string; readonly name: string; readonly format: string },
  body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>,
  bytes: number,
  show: (curl: string) => void = () => {},
) {
  const { upload, url, curl } = await agent.call('create_upload', { ...source, bytes }, uploadReply);
  show(curl);
  const headers = { 'content-length': String(bytes) };
  const response = await fetch(url, { method: 'PUT', body, headers, duplex: 'half' } as RequestInit);
  if (response.status !== 201)
    throw new Error(`the PUT answered ${response.status}: ${await response.text()}`);
  await response.body?.cancel();
  return agent.call('import_data', { ...source, upload }, dataReply);
}

/** One object a line, as import_data wants it. */
function jsonLines(array: string): string {
  const records = JSON.parse(array) as unknown[];
  return records.map((record) => `${JSON.stringify(record)}\n`).join('');
}
