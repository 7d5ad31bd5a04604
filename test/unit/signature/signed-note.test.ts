import { beforeAll, describe, expect, it } from 'vitest';
import {
  makeNoteKeys,
  openNote,
  readNoteSigner,
  readNoteVerifier,
  signersOf,
  signNote,
} from '../../../protocol/signed-note.ts';

/** From the documentation of Go's golang.org/x/mod/sumdb/note, which the specification was written from. */
const PETER = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const PETERS_PRIVATE = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz';
const TEXT =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const SIGNATURE =
  '\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
const NOTE = `${TEXT}\n${SIGNATURE}`;

const verifier = async (text: string) => {
  const key = await readNoteVerifier(text);
  if (key === null) throw new Error('no key');
  return key;
};
const signer = async (text: string) => {
  const key = await readNoteSigner(text);
  if (key === null) throw new Error('no key');
  return key;
};
const open = async (note: string, ...keys: string[]) => openNote(note, await Promise.all(keys.map(verifier)));

describe('a signed note', () => {
  it("is Go's, byte for byte", async () => {
    expect(await signNote(TEXT, await signer(PETERS_PRIVATE))).toBe(NOTE);
    expect(await open(NOTE, PETER)).toEqual({ ok: true, text: TEXT, by: ['PeterNeumann+c74f20a3'] });
  });

  it('carries the signatures of an old and a new key, and opens with either', async () => {
    const next = await makeNoteKeys('PeterNeumann');
    const both = await signNote(NOTE, await signer(next.privateKey));
    const id = next.publicKey.split('+').slice(0, 2).join('+');
    expect(signersOf(both)).toEqual(['PeterNeumann+c74f20a3', id]);
    expect(await open(both, PETER)).toMatchObject({ ok: true, by: ['PeterNeumann+c74f20a3'] });
    expect(await open(both, next.publicKey)).toMatchObject({ ok: true, by: [id] });
  });
});

describe('Mallory, who has no trusted key,', () => {
  let mallorys: { privateKey: string; publicKey: string };
  beforeAll(async () => {
    mallorys = await makeNoteKeys('PeterNeumann');
  });

  it('signs with a key of the same name: it is unknown', async () => {
    const note = await signNote(TEXT, await signer(mallorys.privateKey));
    expect(await open(note, PETER)).toEqual({ ok: false, reason: 'unknown_key' });
  });

  it('claims the id of the trusted key: her signature is invalid', async () => {
    const own = mallorys.privateKey.split('+');
    const claiming = ['PRIVATE', 'KEY', 'PeterNeumann', 'c74f20a3', ...own.slice(4)].join('+');
    const note = await signNote(TEXT, await signer(claiming));
    expect(await open(note, PETER)).toEqual({ ok: false, reason: 'invalid' });
    expect(await open(await signNote(NOTE, await signer(claiming)), PETER)).toEqual({
      ok: false,
      reason: 'invalid',
    });
  });

  it.each([
    ['changes a letter', NOTE.replace('answer', 'Answer'), 'invalid'],
    ['adds a line', NOTE.replace('\n\n', '\nand mine.\n\n'), 'invalid'],
    ['adds a paragraph', NOTE.replace('\n\n', '\n\nand mine.\n\n'), 'invalid'],
    ['cuts the signature', TEXT, 'malformed'],
    ['cuts the last newline', NOTE.slice(0, -1), 'malformed'],
    ['leaves the key id alone', `${TEXT}\n\u2014 PeterNeumann x08gow==\n`, 'malformed'],
    ['spells the base64 otherwise', NOTE.replace('JnAM=', 'JnAN='), 'malformed'],
    ['writes another dash', NOTE.replace('\u2014', '-'), 'malformed'],
    ['adds what is no signature', `${NOTE}mine\n`, 'malformed'],
    ['hides a carriage return', NOTE.replace('\n\n', '\r\n\n'), 'malformed'],
    ['adds a hundred signatures', NOTE + SIGNATURE.repeat(100), 'malformed'],
    ['adds more than anybody reads', NOTE.replace('answer', 'x'.repeat(70_000)), 'malformed'],
    ['sends nothing', '', 'malformed'],
  ])('%s', async (_how, note, reason) => {
    expect(await open(note, PETER)).toEqual({ ok: false, reason });
  });

  it('where nobody is trusted, signs nothing that opens', async () => {
    expect(await open(NOTE)).toEqual({ ok: false, reason: 'unknown_key' });
  });
});

describe('a key', () => {
  it.each([
    ['of another name', PETER.replace('Neumann', 'Newman')],
    ['with another id', PETER.replace('c74f20a3', 'c74f20a4')],
    ['of another algorithm', PETER.replace('+AR', '+Ah')],
    ['that is too short', PETER.slice(0, -4)],
    ['that is a private one', PETERS_PRIVATE],
    ['that is nothing', ''],
  ])('%s is no public key', async (_what, text) => {
    expect(await readNoteVerifier(text)).toBeNull();
  });

  it('that is public signs nothing', async () => {
    expect(await readNoteSigner(PETER)).toBeNull();
  });

  it.each(['', 'two words', 'a+b', 'a\nb'])('has no name like %j', async (name) => {
    await expect(makeNoteKeys(name)).rejects.toThrow('no name of a key');
  });
});
