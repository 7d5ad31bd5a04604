import { decodeBase64url, encodeBase64url } from '../../protocol/base64url.ts';

/** How to obtain the bytes of a key-encryption key again. This is what is stored; it holds no secret. */
export type Recipe =
  | ({ readonly kind: 'argon2id'; readonly salt: string } & Argon2idCosts)
  | { readonly kind: 'kms'; readonly wrapped: string };

export interface Argon2idCosts {
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
}

export type KeyBytes = Uint8Array<ArrayBuffer>;

/** argon2id (RFC 9106), 32 bytes. The Worker and Node each have their own build of it. */
export type Argon2id = (passphrase: string, salt: KeyBytes, costs: Argon2idCosts) => Promise<KeyBytes>;

/** Where key-encryption keys come from. */
export interface KekSource {
  /** What a person has to set where a key does not open: the beginning of a remedy. */
  readonly settings: string;
  make(): Promise<{ readonly recipe: Recipe; readonly bytes: KeyBytes }>;
  /** The candidates for the key of a recipe; none where this source cannot open it. */
  open(recipe: Recipe): Promise<readonly KeyBytes[]>;
  /** What `make` makes keys by, alone: a key that this opens needs none of the earlier settings. */
  readonly maker: KekSource;
}

/**
 * Some 80 ms, once in an isolate's life, in the 19 MiB that its argon2 has anyway. Passphrases of at least twenty
 * characters are demanded, so the costs are a second line.
 */
const COSTS: Argon2idCosts = { memoryKib: 19_456, passes: 4, lanes: 1 };
const SALT_BYTES = 16;

/** Keys as the first source makes them, opened by whichever made them. */
export function sourceOfAll(sources: readonly [KekSource, ...KekSource[]]): KekSource {
  return {
    settings: sources.map(({ settings }) => settings).join(' or '),
    maker: sources[0].maker,
    make: () => sources[0].make(),
    async open(recipe) {
      return (await Promise.all(sources.map((source) => source.open(recipe)))).flat();
    },
  };
}

/** Keys by the operator's passphrase; while it is changed the earlier one opens what it made. */
export function passphraseSource(passphrases: readonly [string, ...string[]], argon2id: Argon2id): KekSource {
  const [first, ...earlier] = passphrases;
  return {
    settings: 'KEY_PASSPHRASE (and KEY_PASSPHRASE_PREVIOUS while it is changed)',
    get maker() {
      return earlier.length === 0 ? this : passphraseSource([first], argon2id);
    },
    async make() {
      const salt = crypto.getRandomValues(new Uint8Array(SALT_BYTES));
      const bytes = await argon2id(first, salt, COSTS);
      return { recipe: { kind: 'argon2id', salt: encodeBase64url(salt), ...COSTS }, bytes };
    },
    async open(recipe) {
      const salt = recipe.kind === 'argon2id' ? decodeBase64url(recipe.salt) : null;
      if (recipe.kind !== 'argon2id' || salt === null) return [];
      const candidates: KeyBytes[] = [];
      for (const passphrase of passphrases)
        candidates.push(await argon2id(passphrase, salt as KeyBytes, recipe));
      return candidates;
    },
  };
}
