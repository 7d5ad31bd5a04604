import { DRAW_KEY, judgeKeys } from '../../protocol/judge-keys.ts';
import { isLoopbackHost, isLoopbackHttp } from '../../protocol/loopback.ts';
import type { Env } from '../env.ts';
import { parseOrigins } from '../http/parse-origins.ts';
import { isDecodable } from '../input/parse-form.ts';
import { MARKUP_KINDS, parseMarkupKinds, parsePatterns } from '../input/refused-text.ts';
import { parseLoopbackOrigins } from '../outbound/loopback-origins.ts';
import { parsePasswordCosts } from '../people/password-costs.ts';
import { WHOLE_NUMBERS, type WholeNumberName, wholeNumberOf } from '../people/settings.ts';
import { isGuessable } from './is-guessable.ts';
import { isKeyDays } from './judge-database.ts';
import { judgePassphrase } from './judge-passphrase.ts';

/** The settings as they may be given: all of them text, any of them absent. */
export type GivenSettings = {
  readonly [Name in keyof Env as string extends Env[Name]
    ? Name
    : Env[Name] extends string | undefined
      ? Name
      : never]?: Env[Name] | undefined;
};

const NEEDED = ['PUBLIC_URL', 'DATABASE_URL', 'CONTEXT_KEY', 'SEAL_KEY'] as const;
const APP_ROLE = 'causeway_app';
const PASSWORD_CHARS_MIN = 16;
/** Secrets that other services gave. */
const ACCESS_KEYS = ['BLOB_STORE_SECRET_ACCESS_KEY', 'KMS_SECRET_ACCESS_KEY'] as const;
/** Where another word would be taken for the one that holds when nothing is said. */
const WORDS = {
  EDGE: ['cloudflare', 'none'],
  OAUTH_REQUIRE_RESOURCE: ['on', 'off'],
  HSTS_INCLUDE_SUBDOMAINS: ['on', 'off'],
  ADMINISTRATION: ['on', 'off'],
} as const;

/**
 * What of the settings must not be served with, all at once, each with its remedy and without a part of a secret. Pure.
 * A deployment is on this machine alone where PUBLIC_URL is plain http on loopback, as `./causeway up` starts it; whatever else is
 * production.
 */
export function judgeSettings(settings: GivenSettings): readonly string[] {
  return [
    judgeNeeded,
    judgeForms,
    judgeWords,
    judgeSecrets,
    judgeRole,
    judgeTransport,
    judgeLoopbackOrigins,
  ].flatMap((judge) => judge(settings));
}

/** Where blobs lie: R2 and workerd's disk are bindings, an S3 endpoint is a setting. Pure. */
export function judgeStore({
  BLOBS,
  BLOB_DISK,
  BLOB_STORE_URL = '',
}: Pick<Env, 'BLOBS' | 'BLOB_DISK' | 'BLOB_STORE_URL'>): readonly string[] {
  return BLOBS !== undefined || BLOB_DISK !== undefined || BLOB_STORE_URL !== ''
    ? []
    : ['There is no store for blobs: bind R2 as BLOBS in wrangler.toml, or set BLOB_STORE_URL'];
}

/** What asking a KMS takes, beside its key. */
const NEEDED_FOR_KMS = ['KMS_REGION', 'KMS_ACCESS_KEY_ID', 'KMS_SECRET_ACCESS_KEY'] as const;
/** One signs nothing without the other. */
const OF_BLOB_STORE = ['BLOB_STORE_ACCESS_KEY_ID', 'BLOB_STORE_SECRET_ACCESS_KEY'] as const;
/** Where something is asked by HTTP. */
const ASKED = ['DATABASE_HTTP_URL', 'BLOB_STORE_URL', 'KMS_URL'] as const;

function judgeNeeded(settings: GivenSettings): readonly string[] {
  const isSet = (name: keyof GivenSettings) => (settings[name] ?? '') !== '';
  return [
    ...NEEDED,
    ...(isSet('KMS_KEY') ? NEEDED_FOR_KMS : []),
    ...(OF_BLOB_STORE.some(isSet) ? OF_BLOB_STORE : []),
  ]
    .filter((name) => !isSet(name))
    .map((name) => `${name} is not set: docs/configuration.md says what it is`);
}

function judgeForms(settings: GivenSettings): readonly string[] {
  const {
    PUBLIC_URL = '',
    DATABASE_URL = '',
    ALLOWED_ORIGINS,
    KEY_DAYS_MAX,
    PASSWORD_COSTS,
    HSTS_MAX_AGE_SECONDS,
    REFUSED_MARKUP,
    REFUSED_PATTERNS,
  } = settings;
  const url = URL.parse(PUBLIC_URL);
  const faults: readonly (readonly [boolean, string])[] = [
    [
      HSTS_MAX_AGE_SECONDS !== undefined && !/^\d{1,8}$/.test(HSTS_MAX_AGE_SECONDS),
      'HSTS_MAX_AGE_SECONDS is no number of seconds: correct or remove it',
    ],
    [
      PUBLIC_URL !== '' && (url === null || url.origin !== PUBLIC_URL.replace(/\/$/, '')),
      'PUBLIC_URL is no address like https://causeway.example.com: correct it',
    ],
    [
      DATABASE_URL !== '' && databaseOf(DATABASE_URL) === null,
      'DATABASE_URL is no address like postgres://causeway_app:<password>@db.example.com/causeway (a % of the password is written %25): correct it',
    ],
    ...ASKED.map(
      (name) =>
        [
          (settings[name] ?? '') !== '' && URL.parse(settings[name] ?? '') === null,
          `${name} is no address like https://${name === 'DATABASE_HTTP_URL' ? 'postgres-http.example.com/sql' : 'store.example.com/'}: correct or remove it`,
        ] as const,
    ),
    [
      parseOrigins(ALLOWED_ORIGINS ?? '') === null,
      'ALLOWED_ORIGINS names something else than origins like https://app.example.com, with commas between: correct or remove it',
    ],
    [
      KEY_DAYS_MAX !== undefined && !isKeyDays(KEY_DAYS_MAX),
      'KEY_DAYS_MAX is no number of days from 30 to 3650: correct or remove it',
    ],
    [
      PASSWORD_COSTS !== undefined && parsePasswordCosts(PASSWORD_COSTS) === null,
      'PASSWORD_COSTS is not like m=19456,t=2,p=1, or outside of its bounds: correct or remove it',
    ],
    [
      REFUSED_MARKUP !== undefined && parseMarkupKinds(REFUSED_MARKUP) === null,
      `REFUSED_MARKUP is neither none nor of ${MARKUP_KINDS.join(', ')}: correct or remove it`,
    ],
    [
      parsePatterns(REFUSED_PATTERNS ?? '') === null,
      'REFUSED_PATTERNS holds a pattern with a group, * or +, or more than may be tried: correct or remove it',
    ],
  ];
  return faults.flatMap(([holds, says]) => (holds ? [says] : []));
}

function judgeWords(settings: GivenSettings): readonly string[] {
  const words = Object.entries(WORDS) as readonly [keyof typeof WORDS, readonly string[]][];
  const numbers = Object.keys(WHOLE_NUMBERS) as readonly WholeNumberName[];
  return [
    ...words
      .filter(([name, known]) => !['', ...known].includes(settings[name] ?? ''))
      .map(([name, known]) => `${name} is neither ${known.join(' nor ')}: correct or remove it`),
    ...numbers
      .filter((name) => wholeNumberOf(settings, name) === null)
      .map((name) => {
        const { least, most } = WHOLE_NUMBERS[name];
        return `${name} is no whole number from ${least} to ${most}: correct or remove it`;
      }),
  ];
}

function judgeSecrets(settings: GivenSettings): readonly string[] {
  const { CONTEXT_KEY = '', SEAL_KEY = '', KEY_PASSPHRASE, DATABASE_URL = '' } = settings;
  const keys = Object.entries({ CONTEXT_KEY, SEAL_KEY }).filter(([, key]) => key !== '');
  const login = databaseOf(DATABASE_URL);
  // As Postgres is told it; the address may spell a character of it by its code.
  const password = login === null ? undefined : decodeURIComponent(login.password);
  const weakness = KEY_PASSPHRASE === undefined ? null : judgePassphrase(KEY_PASSPHRASE);
  const others = [...keys.map(([, key]) => key), KEY_PASSPHRASE];
  return [
    ...judgeKeys(Object.fromEntries(keys)),
    ...(KEY_PASSPHRASE !== undefined && keys.some(([, key]) => key === KEY_PASSPHRASE)
      ? [`KEY_PASSPHRASE is one of the keys, and a secret serves one purpose: ${DRAW_KEY}`]
      : []),
    ...(weakness === null ? [] : [`${weakness}: ${DRAW_KEY}`]),
    ...(password !== undefined && others.includes(password)
      ? [
          'The password in DATABASE_URL is one of the keys, and a secret serves one purpose: give causeway_app another',
        ]
      : []),
    ...(password !== undefined && isGuessable(password, PASSWORD_CHARS_MIN)
      ? [
          `The password in DATABASE_URL is shorter than ${PASSWORD_CHARS_MIN} characters, an example or a sequence, or repeats itself: give causeway_app another`,
        ]
      : []),
    ...ACCESS_KEYS.filter((name, index) => {
      const before = [...others, password, ...ACCESS_KEYS.slice(0, index).map((other) => settings[other])];
      return (settings[name] ?? '') !== '' && before.includes(settings[name]);
    }).map(
      (name) =>
        `${name} is another of the secrets too, and a secret serves one purpose: give that service an access key of its own`,
    ),
  ];
}

/** Row security binds the one role; whatever else logs in may be above it. */
function judgeRole({ DATABASE_URL = '' }: GivenSettings): readonly string[] {
  const role = databaseOf(DATABASE_URL)?.username ?? APP_ROLE;
  return role === APP_ROLE
    ? []
    : [
        `DATABASE_URL logs in as another role than ${APP_ROLE}, which row security binds: log in as ${APP_ROLE}`,
      ];
}

function judgeTransport(settings: GivenSettings): readonly string[] {
  const { PUBLIC_URL = '', DATABASE_URL = '' } = settings;
  const url = URL.parse(PUBLIC_URL);
  // RFC 6761, section 6.3: a name under localhost is this machine.
  const isHere = isLoopbackHttp(PUBLIC_URL) || url?.hostname.endsWith('.localhost') === true;
  const isPlain = url !== null && url.protocol !== 'https:' && !isHere;
  const mode = URL.parse(DATABASE_URL)?.searchParams.get('sslmode') ?? '';
  const host = databaseOf(DATABASE_URL)?.hostname ?? 'localhost';
  return [
    ...(isPlain
      ? [
          'PUBLIC_URL is not https, so passwords and tokens would travel in the clear: end TLS in front and name the https address',
        ]
      : []),
    ...ASKED.filter((name) => isPlainElsewhere(settings[name] ?? '')).map(
      (name) => `${name} is plain http to another machine: give that server TLS and name its https address`,
    ),
    ...(['disable', 'allow', 'prefer'].includes(mode) && !isLoopbackHost(host)
      ? [`DATABASE_URL lets the connection go without TLS (sslmode=${mode}): use sslmode=verify-full`]
      : []),
  ];
}

/**
 * LOOPBACK_ORIGINS opens this machine to documents that people name, so it is believed only where this machine serves itself
 * alone: its own address and its database are plain http on loopback, as nothing that others can reach is deployed.
 */
function judgeLoopbackOrigins(settings: GivenSettings): readonly string[] {
  const named = settings.LOOPBACK_ORIGINS ?? '';
  if (named === '') return [];
  const elsewhere = (['PUBLIC_URL', 'DATABASE_HTTP_URL'] as const).filter(
    (name) => !isLoopbackHttp(settings[name] ?? ''),
  );
  if (elsewhere.length > 0)
    return [
      `LOOPBACK_ORIGINS is for ./causeway up on a machine of its own, and here ${elsewhere.join(' and ')} is not http on loopback: remove LOOPBACK_ORIGINS`,
    ];
  return parseLoopbackOrigins(named) === null
    ? ['LOOPBACK_ORIGINS names something else than origins like http://127.0.0.1:9000: correct or remove it']
    : [];
}

function databaseOf(text: string): URL | null {
  const url = URL.parse(text);
  if (url === null || !/^postgres(?:ql)?:$/.test(url.protocol) || !isDecodable(url.password)) return null;
  return url.username !== '' && url.hostname !== '' ? url : null;
}

function isPlainElsewhere(address: string): boolean {
  const url = URL.parse(address);
  return url !== null && url.protocol !== 'https:' && !isLoopbackHttp(address);
}
