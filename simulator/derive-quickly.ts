/** In place of argon2id, whose costs no schedule is about: 32 bytes that hang on passphrase and salt. */
export async function deriveArgon2id(passphrase: string, salt: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  const text = new TextEncoder().encode(JSON.stringify([passphrase, ...salt]));
  return new Uint8Array(await crypto.subtle.digest('SHA-256', text));
}
