import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { headText } from '../../cli/audit/export-line.ts';
import { leafHash, nodeHash, splitOf } from '../../cli/audit/merkle.ts';
import { makeNoteKeys, readNoteSigner, signNote } from '../../protocol/signed-note.ts';
import { writeCheckpoint } from '../../worker/audit/checkpoint.ts';
import { writeHeader } from '../../worker/audit/export-header.ts';

const ORIGIN = 'bench.example/audit';
const TENANT = 'ten_00000000000000000000000000';
const FIRST_MS = Date.UTC(2026, 0, 1);
const MS_BETWEEN = 20;

/** Writes an export of so many entries as a deployment would, without the hour in which they happen; returns its key. */
export async function writeLargeExport(file: string, entries: number): Promise<string> {
  const { privateKey, publicKey } = await makeNoteKeys(ORIGIN);
  const signer = await readNoteSigner(privateKey);
  if (signer === null) throw new Error('a new key does not sign');
  const tree = treeOf(entries);
  const root = tree.hashOf(0, entries).toString('base64');
  const head = { tenant: TENANT, size: entries, root };
  const text = writeCheckpoint({
    ...{ origin: ORIGIN, size: 1, root: leafHash(headText(head)).toString('base64') },
    ...{ at: '2026-11-22T12:00:00Z', previous: null },
  });
  const out = createWriteStream(file);
  out.write(
    writeHeader({
      ...head,
      head_index: 0,
      head_proof: [],
      checkpoint: await signNote(text, signer),
      uncovered: 0,
    }),
  );
  for (let index = 0; index < entries; index++) {
    const siblings = tree.siblingsOf(index).map((hash) => `"${hash.toString('base64')}"`);
    if (!out.write(`{"index":${index},"proof":[${siblings.join(',')}],"event":${eventOf(index)}}\n`))
      await once(out, 'drain');
  }
  out.end();
  await finished(out);
  return publicKey;
}

/** As long as the event of a call is. */
function eventOf(index: number): string {
  const at = new Date(FIRST_MS + index * MS_BETWEEN).toISOString().replace('Z', '000Z');
  return `{"v": 1, "at": "${at}", "by": "api_token", "kind": "tool", "user": "usr_00000000000000000000000000", "agent": "causeway-bench/1.0", "event": "evt_${index}", "trace": null, "action": "tool.call", "client": null, "target": "read_file", "tenant": "${TENANT}", "address": "192.0.2.7", "details": {"object": {"path": "forecast.py", "project": "prj_00000000000000000000000000"}}, "outcome": "ok", "request": "req_${index}", "credential": "tok_00000000000000000000000000", "input_bytes": 120, "input_sha256": "${'0'.repeat(64)}"}`;
}

/** The hashes of all complete subtrees, level by level, and those of the ragged right edge when they are asked for. */
function treeOf(entries: number) {
  const levels: Buffer[][] = [Array.from({ length: entries }, (_, index) => leafHash(eventOf(index)))];
  for (let below = levels[0] ?? []; below.length > 1; below = levels.at(-1) ?? [])
    levels.push(
      Array.from({ length: below.length >> 1 }, (_, index) =>
        nodeHash(below[2 * index] as Buffer, below[2 * index + 1] as Buffer),
      ),
    );
  const hashOf = (first: number, count: number): Buffer => {
    const level = Math.log2(count);
    if (Number.isInteger(level)) return levels[level]?.[first / count] as Buffer;
    const left = splitOf(count);
    return nodeHash(hashOf(first, left), hashOf(first + left, count - left));
  };
  return {
    hashOf,
    /** The right siblings on the way down from the largest subtree that begins at the leaf. */
    siblingsOf(index: number): Buffer[] {
      const siblings: Buffer[] = [];
      let count = index === 0 ? entries : Math.min(index & -index, entries - index);
      while (count > 1) {
        const left = splitOf(count);
        siblings.push(hashOf(index + left, count - left));
        count = left;
      }
      return siblings;
    },
  };
}
