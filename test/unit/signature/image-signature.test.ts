import {
  appendFile,
  chmod,
  link,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { watchImage } from '../../../executor/watch-image.ts';
import { type ProvenImage, proveImage, signatureFileOf } from '../../../infra/image-signature/prove-image.ts';
import { isUntouched, proveTree } from '../../../infra/image-signature/prove-tree.ts';
import { signImage } from '../../../infra/image-signature/sign-image.ts';
import { printStatement, readStatement } from '../../../infra/image-signature/statement.ts';
import type { SandboxImage } from '../../../infra/sandbox-image/store/image-store.ts';
import { digestTree } from '../../../infra/sandbox-image/tree/canonical-tar.ts';
import { makeNoteKeys, readNoteSigner, signNote } from '../../../protocol/signed-note.ts';

let cacheDir: string;
let image: SandboxImage;
let file: string;
let ops: { privateKey: string; publicKey: string };

beforeEach(async () => {
  cacheDir = await mkdtemp(join(tmpdir(), 'causeway-image-'));
  image = await makeImage('print("hello")\n');
  file = signatureFileOf(cacheDir, image.digest);
  ops = await makeNoteKeys('ops');
});
afterEach(() => rm(cacheDir, { recursive: true }));

/** An image of one program, unpacked as a build leaves it. */
async function makeImage(program: string): Promise<SandboxImage> {
  const building = await mkdtemp(join(cacheDir, 'building-'));
  await mkdir(join(building, 'rootfs', 'usr'), { recursive: true });
  await writeFile(join(building, 'rootfs', 'usr', 'program.py'), program);
  await symlink('program.py', join(building, 'rootfs', 'usr', 'main.py'));
  const { digest, bytes } = await digestTree(join(building, 'rootfs'));
  const manifest = {
    digest,
    createdFrom: digest,
    python: '3.13',
    libraries: {},
    absent: [],
    packages: [],
    changes: [],
    bytes,
    user: { name: 'sandbox', uid: 65532, gid: 65532 },
    environment: { PATH: '/usr/bin' },
  };
  await writeFile(join(building, 'image.json'), JSON.stringify(manifest));
  return { digest, rootfsDir: join(building, 'rootfs'), manifest };
}

const signer = async ({ privateKey }: { privateKey: string }) => {
  const key = await readNoteSigner(privateKey);
  if (key === null) throw new Error('no key');
  return key;
};
const sign = async (by = ops, of = image) => {
  const signed = await signImage(of, await signer(by), file);
  if (!signed.ok) throw new Error(signed.reason);
  return signed.note;
};
const prove = (...keys: string[]) =>
  proveImage(image, { keys: keys.length > 0 ? keys : [ops.publicKey], signatureFile: file });
const inRoot = (path: string) => join(image.rootfsDir, path);

describe('an image that a trusted key signed', () => {
  test('is proven, and what was signed can be read', async () => {
    const note = await sign();
    const [text = ''] = note.split('\n\n');
    expect(text).toMatch(
      /^causeway\.sandbox-image\/v1\ndigest sha256:[0-9a-f]{64}\nmanifest sha256:[0-9a-f]{64}\ncreated \S+Z$/,
    );
    expect(await prove()).toMatchObject({
      ok: true,
      image: { digest: image.digest },
      signedBy: [expect.stringMatching(/^ops\+[0-9a-f]{8}$/)],
    });
  });

  test('is proven by an old and by a new key while one takes the place of the other', async () => {
    const next = await makeNoteKeys('ops');
    await sign();
    const both = await sign(next);
    expect(await sign(next)).toBe(both);
    expect(both.match(/^\u2014 ops /gm)).toHaveLength(2);
    for (const { publicKey } of [ops, next]) expect((await prove(publicKey)).ok).toBe(true);
  });

  test('is proven by keys in a file, a line each, with remarks', async () => {
    await sign();
    const keys = join(cacheDir, 'image-keys');
    const other = await makeNoteKeys('other');
    await writeFile(keys, `# of operations\n${other.publicKey}\n\n  ${ops.publicKey}\n`);
    expect((await prove(keys)).ok).toBe(true);
  });

  test('replaces the signature of an earlier image', async () => {
    await sign(ops, await makeImage('print("earlier")\n'));
    expect(await prove()).toMatchObject({ ok: false, code: 'signature_of_another_image' });
    await sign();
    expect((await prove()).ok).toBe(true);
  });
});

/** What Mallory, or a mistake, does between the signing and the start; and the code with which the image is refused. */
const MISHAPS: readonly (readonly [string, string, () => Promise<unknown>])[] = [
  ['there is no signature', 'image_unsigned', () => rm(file)],
  ['it is empty', 'signature_malformed', () => writeFile(file, '')],
  [
    'it is signed by a key of Mallory’s with the same name',
    'signature_unknown_key',
    async () => {
      await rm(file);
      await sign(await makeNoteKeys('ops'));
    },
  ],
  [
    'a digit of the digest is another',
    'signature_invalid',
    async () => writeFile(file, (await readFile(file, 'utf8')).replace(/digest sha256:./, 'digest sha256:g')),
  ],
  [
    'it is of another image',
    'signature_of_another_image',
    async () => sign(ops, await makeImage('print("another")\n')),
  ],
  [
    'the key signed a note for something else',
    'signature_malformed',
    async () =>
      writeFile(
        file,
        await signNote(
          `${(await readFile(file, 'utf8')).split('\n\n')[0]?.replace('sandbox-image', 'audit')}\n`,
          await signer(ops),
        ),
      ),
  ],
  [
    'its description asks for another environment',
    'signature_of_another_image',
    async () => {
      const json = join(image.rootfsDir, '..', 'image.json');
      await writeFile(json, (await readFile(json, 'utf8')).replace('/usr/bin', '/tmp'));
    },
  ],
  ['a file has one byte more', 'image_changed', () => appendFile(inRoot('usr/program.py'), ' ')],
  [
    'a file has other bytes, and its old size and time',
    'image_changed',
    async () => {
      await writeFile(inRoot('usr/program.py'), 'print("hullo")\n');
      await utimes(inRoot('usr/program.py'), 1, 1);
    },
  ],
  ['a file is added', 'image_changed', () => writeFile(inRoot('usr/sitecustomize.py'), '')],
  ['a file is removed', 'image_changed', () => rm(inRoot('usr/program.py'))],
  ['a file may be written to', 'image_changed', () => chmod(inRoot('usr/program.py'), 0o666)],
  [
    'a link leads elsewhere',
    'image_changed',
    async () => {
      await rm(inRoot('usr/main.py'));
      await symlink('/etc/passwd', inRoot('usr/main.py'));
    },
  ],
];

describe('an image is refused, with a code and what to do, when', () => {
  test.each(MISHAPS)('%s', async (_what, code, happens) => {
    await sign();
    expect((await prove()).ok).toBe(true);
    await happens();
    const refused = await prove();
    expect(refused).toMatchObject({ ok: false, code });
    if (refused.ok) throw new Error('it was proven');
    expect(refused.reason).toBe(`${code}: ${refused.says} ${refused.remedy}`);
    expect(refused.remedy).toMatch(/\b(Sign|sign|Take|remove|Remove|trust)\b/);
  });

  test.each([
    ['no key is trusted', [], 'no_image_key'],
    ['what is trusted is no key', ['not-a-key'], 'image_key_unreadable'],
  ])('%s', async (_what, keys, code) => {
    await sign();
    expect(await proveImage(image, { keys, signatureFile: file })).toMatchObject({ ok: false, code });
  });

  test('a file of keys has a line that is none', async () => {
    await sign();
    const keys = join(cacheDir, 'image-keys');
    await writeFile(keys, `${ops.publicKey}\n${ops.publicKey.slice(0, -2)}\n`);
    expect(await prove(keys)).toMatchObject({ ok: false, code: 'image_key_unreadable' });
  });

  test('it is of another image, with both digests', async () => {
    const another = await makeImage('print("another")\n');
    await sign(ops, another);
    expect(await prove()).toMatchObject({
      says: `${file} is for ${another.digest}; this host has ${image.digest}.`,
    });
  });

  test('a changed image is to be signed', async () => {
    await appendFile(inRoot('usr/program.py'), ' ');
    expect(await signImage(image, await signer(ops), file)).toMatchObject({
      ok: false,
      code: 'image_changed',
    });
    await expect(readFile(file)).rejects.toThrow('ENOENT');
  });
});

describe('a tree', () => {
  it('is read once, and then only looked at until something in it changes', async () => {
    expect(await proveTree(image)).toEqual({ ok: true, how: 'read' });
    expect(await proveTree(image)).toEqual({ ok: true, how: 'looked' });
    await link(inRoot('usr/program.py'), join(cacheDir, 'borrowed'));
    expect(await isUntouched(image)).toBe(false);
    expect(await proveTree(image)).toEqual({ ok: true, how: 'read' });
    expect(await proveTree(image)).toEqual({ ok: true, how: 'looked' });
  });

  it('is read again where the clock went back since', async () => {
    await proveTree(image);
    const ahead = Date.now() / 1000 + 3600;
    await utimes(join(image.rootfsDir, '..', 'proven'), ahead, ahead);
    expect(await proveTree(image)).toEqual({ ok: true, how: 'read' });
  });

  it('that was changed is not marked as proven', async () => {
    await appendFile(inRoot('usr/program.py'), ' ');
    expect((await proveTree(image)).ok).toBe(false);
    expect(await isUntouched(image)).toBe(false);
  });

  it('that is changed while it is in use is told of, once, and not where somebody linked to it', async () => {
    await sign();
    const proven = await prove();
    if (!proven.ok) throw new Error(proven.reason);
    await link(inRoot('usr/program.py'), join(cacheDir, 'borrowed'));
    const told: string[] = [];
    const end = watchImage(proven.image as ProvenImage, 1, (reason) => told.push(reason));
    await expect.poll(() => isUntouched(image)).toBe(true);
    expect(told).toEqual([]);
    await appendFile(inRoot('usr/program.py'), ' ');
    await expect.poll(() => told).toEqual([expect.stringMatching(/^image_changed: .* was changed while/)]);
    end();
  });
});

describe('a statement', () => {
  const STATEMENT = {
    digest: `sha256:${'a'.repeat(64)}`,
    manifest: `sha256:${'b'.repeat(64)}`,
    created: new Date('2026-11-22T07:00:00Z'),
  };
  const text = printStatement(STATEMENT);

  it('is read as it is printed', () => {
    expect(readStatement(text)).toEqual(STATEMENT);
  });

  it.each([
    ['another version', text.replace('/v1', '/v2')],
    ['a dot that is none', text.replace('causeway.', 'causewayx')],
    ['a second digest', text.replace('digest', `digest sha256:${'c'.repeat(64)}\ndigest`)],
    ['another order', text.replace(/(digest .*\n)(manifest .*\n)/, '$2$1')],
    ['something behind it', `${text}more\n`],
    ['no time', text.replace(/created .*/, 'created never')],
    ['a time in another spelling', text.replace('07:00:00Z', '07:00:00.000Z')],
    ['upper case', text.replace('aaaa', 'AAAA')],
  ])('with %s is none', (_what, spoilt) => {
    expect(readStatement(spoilt)).toBeNull();
  });
});
