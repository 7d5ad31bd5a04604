/** What a signature of a sandbox image says; docs/sandbox-image.md shows one. The first line keeps it apart from other notes. */
const PURPOSE = 'causeway.sandbox-image/v1';

export interface ImageStatement {
  /** Of the unpacked tree, as runs name the image. */
  readonly digest: string;
  /** SHA-256 of `image.json`, which says what the image holds and the environment that it asks for. */
  readonly manifest: string;
  /** For people: nothing is decided by it, since the clock of a host may be wrong. */
  readonly created: Date;
}

export function printStatement({ digest, manifest, created }: ImageStatement): string {
  const time = created.toISOString().replace(/\.\d+Z$/, 'Z');
  return `${PURPOSE}\ndigest ${digest}\nmanifest ${manifest}\ncreated ${time}\n`;
}

const STATEMENT = new RegExp(
  `^${PURPOSE.replaceAll('.', '\\.')}\\ndigest (sha256:[0-9a-f]{64})\\nmanifest (sha256:[0-9a-f]{64})\\ncreated (\\S+)\\n$`,
);

/** Null where the text is not exactly a statement of this version. Pure. */
export function readStatement(text: string): ImageStatement | null {
  const [, digest = '', manifest = '', time = ''] = STATEMENT.exec(text) ?? [];
  const created = new Date(time);
  const isWhole = digest !== '' && !Number.isNaN(created.getTime());
  return isWhole && printStatement({ digest, manifest, created }) === text
    ? { digest, manifest, created }
    : null;
}
