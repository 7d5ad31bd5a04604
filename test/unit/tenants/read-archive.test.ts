import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readArchive } from '../../../cli/tenants/read-archive.ts';
import {
  EXPORT_FORMAT,
  type ManifestEntry,
  NO_PARTS,
  nextLink,
  partManifestName,
  WHOLE_MANIFEST,
} from '../../../worker/tenants/export/manifest.ts';
import { TAR_END, tarHeader, tarPadding } from '../../../worker/tenants/export/tar.ts';

const dir = mkdtempSync(join(tmpdir(), 'causeway-archive-'));
afterAll(() => rmSync(dir, { recursive: true }));

const TENANT = 'ten_00000000000000000000000000';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** A file as it lies in a tar; `change` is what Mallory does to its header, whose sum she makes right again. */
function packed(name: string, text: string, change: (header: Uint8Array) => void = () => {}): Buffer {
  const bytes = Buffer.from(text);
  const header = tarHeader(name, bytes.length, 0);
  changeHeader(header, change);
  return Buffer.concat([header, bytes, tarPadding(bytes.length)]);
}

function changeHeader(header: Uint8Array, change: (header: Uint8Array) => void): void {
  change(header);
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0);
  header.set(Buffer.from(`${sum.toString(8).padStart(6, '0')}\0 `), 148);
}

/** An export whose manifests say just what is in it: nobody signs them, so Mallory can make one. */
function made(parts: readonly (readonly (readonly [name: string, text: string])[])[]): Buffer {
  let chain = NO_PARTS;
  const pieces = parts.flatMap((files) => {
    const entries: ManifestEntry[] = files.map(([name, text]) => ({
      ...{ name, bytes: Buffer.byteLength(text), sha256: sha256(text) },
    }));
    const part = { format: EXPORT_FORMAT, tenant: TENANT, part: chain.parts + 1, previous: chain.previous };
    const manifest = JSON.stringify({ ...part, entries, missing: [] });
    chain = nextLink(chain, { entries, missing: [] }, sha256(manifest));
    return [
      ...files.map(([name, text]) => packed(name, text)),
      packed(partManifestName(part.part), manifest),
    ];
  });
  const whole = JSON.stringify({
    ...{ format: EXPORT_FORMAT, tenant: TENANT, exported_at: '2026-11-22T00:00:00Z', parts: chain.parts },
    ...{ last_part_sha256: chain.previous, files: chain.files, bytes: chain.bytes, missing: chain.missing },
  });
  return Buffer.concat([...pieces, packed(WHOLE_MANIFEST, whole), TAR_END]);
}

let archives = 0;
function read(bytes: Buffer) {
  const file = join(dir, `${++archives}.tar`);
  writeFileSync(file, bytes);
  return readArchive(file);
}

test('an export as it is made is whole', async () => {
  const blob = sha256('x');
  const files = [
    ['tables/app.runs/000001.jsonl', '{}\n'],
    [`blobs/${blob}`, 'x'],
  ] as const;
  expect((await read(made([files, [['tables/app.runs/000002.jsonl', '{}\n']]]))).whole).toMatchObject({
    files: 3,
  });
});

describe('an archive that Mallory made is not called whole, though its manifests say what is in it:', () => {
  test.each([
    ['a way out', '../evil'],
    ['a way out further down', 'tables/../../evil'],
    ['a name that ends in one', 'tables/..'],
    ['an absolute name', '/etc/passwd'],
    ['a name with a step that is empty', 'tables//x'],
    ['a hidden file', '.bashrc'],
    ['this folder', './x'],
    ['a way out of Windows', 'tables\\..\\..\\evil'],
    ['a drive', 'C:evil'],
  ])('%s', async (_what, name) => {
    await expect(read(made([[[name, 'x']]]))).rejects.toThrow(`${name} is no name of an export`);
  });

  test('a name twice, in one part or in two, of which the later would be unpacked', async () => {
    const [one, other] = [
      ['people/members.jsonl', 'Ann'],
      ['people/members.jsonl', 'Mallory'],
    ] as const;
    for (const parts of [[[one, other]], [[one], [other]]])
      await expect(read(made(parts))).rejects.toThrow('people/members.jsonl is there twice');
  });

  test('a blob whose bytes are not those of its name', async () => {
    const name = `blobs/${sha256('x')}`;
    await expect(read(made([[[name, 'y']]]))).rejects.toThrow(`${name} is not what its name says`);
  });

  test.each([
    ['a hard link', '1'],
    ['a symbolic link', '2'],
    ['a device', '3'],
    ['a folder', '5'],
    ['a pipe', '6'],
    ['a longer name for the next file', 'L'],
    ['attributes for the next file', 'x'],
  ])('%s', async (_what, type) => {
    const bytes = packed('evil', 'x', (header) => header.set(Buffer.from(type), 156));
    await expect(read(bytes)).rejects.toThrow('the archive holds something else than files');
  });

  // Where each field stands: POSIX 1003.1, ustar.
  test.each<[string, string, number]>([
    ['a way out in the prefix of a name', '../..', 345],
    ['a prefix that makes the name of another file of it', 'tables', 345],
    ['a program that becomes its owner', '0004755', 100],
    ['a file of somebody', 'root', 265],
    ['the target of a link', '/etc/passwd', 157],
    ['an escape behind the end of a name', '\u001b[2J', 90],
    ['a length in other digits', '1 ', 134],
    ['another kind of tar', 'ustar  ', 257],
  ])('%s', async (_what, text, at) => {
    const bytes = made([[['people/members.jsonl', 'x']]]);
    expect((await read(bytes)).whole).not.toBeNull();
    changeHeader(bytes.subarray(0, 512), (header) => header.set(Buffer.from(text), at));
    await expect(read(bytes)).rejects.toThrow('the archive holds something else than files');
  });

  test('a file that says it has more bytes than there are is cut, and takes no memory', async () => {
    const bytes = packed('blobs/x', '', (header) => header.set(Buffer.from('77777777777'), 124));
    expect((await read(bytes)).whole).toBeNull();
  });
});
