import { z } from 'zod';
import { parseOrigins } from '../../worker/http/parse-origins.ts';
import { MARKUP_KINDS, parseMarkupKinds, parsePatterns } from '../../worker/input/refused-text.ts';
import { parseLoopbackOrigins } from '../../worker/outbound/loopback-origins.ts';
import { isKeyDays } from '../../worker/startup/judge-database.ts';
import { httpUrl, key, passphrase, passwordCosts, postgresUrl, wholeNumber } from './values.ts';

export interface Setting {
  readonly schema: z.ZodType;
  /** `worker`: a variable or secret of the Worker. `command`: read from the environment of ./causeway. */
  readonly of: 'worker' | 'command';
  readonly secret: boolean;
  /** What holds where it is not set; null where it must be set. */
  readonly absent: string | null;
  readonly example: string;
  readonly says: string;
}

/**
 * Every setting, once: `up` checks what it hands to the Worker against it, `docs/configuration.md` is made from it, and
 * the gate compares it with `worker/env.ts`.
 */
export const SETTINGS = {
  PUBLIC_URL: {
    schema: httpUrl,
    of: 'worker',
    secret: false,
    absent: null,
    example: 'https://causeway.example.com',
    says: 'The address under which people and agents reach the Worker. The only source of links, issuer and redirects; the Host header never is.',
  },
  DATABASE_URL: {
    schema: postgresUrl,
    of: 'worker',
    secret: true,
    absent: null,
    example: 'postgres://causeway_app:PASSWORD@db.example.com/causeway',
    says: 'The login of the role causeway_app, which row-level security binds. Never the owner.',
  },
  DATABASE_HTTP_URL: {
    schema: httpUrl,
    of: 'worker',
    secret: false,
    absent: "Neon's own endpoint, by the host of DATABASE_URL",
    example: 'https://postgres-http.example.com/sql',
    says: 'Where infra/postgres-http serves, for a Postgres that is not Neon.',
  },
  CONTEXT_KEY: {
    schema: key,
    of: 'worker',
    secret: true,
    absent: null,
    example: '43 characters: openssl rand 32 | basenc --base64url | tr -d =',
    says: 'Signs the tickets with which the Worker enters a tenant; the database holds the same key.',
  },
  SEAL_KEY: {
    schema: key,
    of: 'worker',
    secret: true,
    absent: null,
    example: '43 characters: openssl rand 32 | basenc --base64url | tr -d =',
    says: 'Signs capabilities of runs, upload and download links, and cursors.',
  },
  KEY_PASSPHRASE: {
    schema: passphrase,
    of: 'worker',
    secret: true,
    absent: 'KMS_KEY gives that key',
    example: 'openssl rand -base64 32',
    says: 'The passphrase from which the key-encryption key of secrets and blobs at rest is derived. Without it nothing that was sealed can be opened again, a restored backup included: keep it apart from the database ([keys](keys.md)).',
  },
  KEY_PASSPHRASE_PREVIOUS: {
    schema: passphrase,
    of: 'worker',
    secret: true,
    absent: 'the passphrase is not being changed',
    example: 'openssl rand -base64 32',
    says: 'The passphrase before, from the deployment of a new one until `./causeway keys rotate --kek` has finished.',
  },
  KMS_KEY: {
    schema: z.string().min(1).max(2048),
    of: 'worker',
    secret: false,
    absent: 'KEY_PASSPHRASE gives the key',
    example: 'alias/causeway',
    says: 'Id, ARN or alias of a symmetric key of a KMS, which wraps the key-encryption key in place of KEY_PASSPHRASE ([keys](keys.md)).',
  },
  KMS_REGION: {
    schema: z.string().regex(/^[a-z0-9-]{2,40}$/, 'expected a region like eu-central-1'),
    of: 'worker',
    secret: false,
    absent: 'no KMS',
    example: 'eu-central-1',
    says: 'The region of that KMS, which signatures name too.',
  },
  KMS_URL: {
    schema: httpUrl,
    of: 'worker',
    secret: false,
    absent: "AWS's own in KMS_REGION",
    example: 'https://kms.example.com/',
    says: 'Where a KMS answers that is not AWS and speaks as it does (Encrypt, Decrypt).',
  },
  KMS_ACCESS_KEY_ID: {
    schema: z.string().min(1),
    of: 'worker',
    secret: true,
    absent: 'no KMS',
    example: 'AKIA...',
    says: 'The access key with which the KMS is asked; it needs kms:Encrypt and kms:Decrypt on that one key.',
  },
  KMS_SECRET_ACCESS_KEY: {
    schema: z.string().min(1),
    of: 'worker',
    secret: true,
    absent: 'no KMS',
    example: '...',
    says: 'The secret of that access key.',
  },
  EDGE: {
    schema: z.enum(['cloudflare', 'none']),
    of: 'worker',
    secret: false,
    absent: 'cloudflare',
    example: 'none',
    says: "What stands in front of the Worker and vouches for the caller's address.",
  },
  KEY_DAYS_MAX: {
    schema: z.string().refine(isKeyDays, 'expected a whole number from 30 to 3650'),
    of: 'worker',
    secret: false,
    absent: '400',
    example: '180',
    says: 'Days after which a key is overdue (one that signs access tokens, CONTEXT_KEY, SEAL_KEY, the key-encryption key): the Worker then serves nothing until it is changed ([keys](keys.md)).',
  },
  PASSWORD_COSTS: {
    schema: passwordCosts,
    of: 'worker',
    secret: false,
    absent: 'm=19456,t=2,p=1',
    example: 'm=65536,t=3,p=1',
    says: 'Costs of argon2id for passwords: from 19456 KiB and two passes to 65536 KiB and six. A password is hashed anew at the next sign-in after a change.',
  },
  LOGIN_FAILURES_MAX: {
    schema: wholeNumber(3, 100),
    of: 'worker',
    secret: false,
    absent: '5',
    example: '10',
    says: 'Wrong passwords for one account before further ones must wait: 30 s, then twice as long each time, an hour at most.',
  },
  LOGIN_ADDRESS_FAILURES_MAX: {
    schema: wholeNumber(10, 10_000),
    of: 'worker',
    secret: false,
    absent: '50',
    example: '200',
    says: 'The same for one address, whatever the accounts; an IPv6 network of 64 bits is one address.',
  },
  SESSION_IDLE_MINUTES: {
    schema: wholeNumber(5, 10_080),
    of: 'worker',
    secret: false,
    absent: '720',
    example: '60',
    says: 'A session that is not used for so long ends.',
  },
  SESSION_ABSOLUTE_HOURS: {
    schema: wholeNumber(1, 720),
    of: 'worker',
    secret: false,
    absent: '168',
    example: '24',
    says: 'A session ends after this time, used or not.',
  },
  OAUTH_REDIRECT_HOSTS: {
    schema: z.string().regex(/^[a-z0-9.-]+(\s*,\s*[a-z0-9.-]+)*$/, 'expected host names with commas between'),
    of: 'worker',
    secret: false,
    absent: 'any https host',
    example: 'claude.ai,chatgpt.com',
    says: 'The https hosts to which OAuth clients may send people back. Programs on the own computer always may.',
  },
  OAUTH_REQUIRE_RESOURCE: {
    schema: z.enum(['on', 'off']),
    of: 'worker',
    secret: false,
    absent: 'off',
    example: 'on',
    says: 'Whether OAuth clients must say which resource they want a token for (RFC 8707). Some of today send none.',
  },
  LOOPBACK_ORIGINS: {
    schema: z
      .string()
      .refine(
        (text) => parseLoopbackOrigins(text) !== null,
        'expected origins of this machine like http://127.0.0.1:9000, with commas between',
      ),
    of: 'worker',
    secret: false,
    absent: 'none; only `./causeway up --loopback-origin` sets it',
    example: 'http://127.0.0.1:9000',
    says: 'For trying a client: origins of this machine on which metadata documents may lie. A Worker that others can reach serves nothing while it is set ([0146](decisions/0146-named-loopback-origins.md)).',
  },
  HSTS_MAX_AGE_SECONDS: {
    schema: wholeNumber(0, 63_072_000),
    of: 'worker',
    secret: false,
    absent: '31536000',
    example: '300',
    says: 'For how long browsers reach this host by https alone (Strict-Transport-Security). Begin with little where TLS is new; 0 takes it back.',
  },
  HSTS_INCLUDE_SUBDOMAINS: {
    schema: z.enum(['on', 'off']),
    of: 'worker',
    secret: false,
    absent: 'on',
    example: 'off',
    says: 'Whether that holds for the subdomains of this host too.',
  },
  ADMINISTRATION: {
    schema: z.enum(['on', 'off']),
    of: 'worker',
    secret: false,
    absent: 'off; `./causeway up` sets on',
    example: 'on',
    says: 'Whether the management API under /api/v1 is served ([administration](administration.md)). Off, its addresses are like any that does not exist.',
  },
  ALLOWED_ORIGINS: {
    schema: z.string().refine((text) => parseOrigins(text) !== null, 'expected origins, with commas between'),
    of: 'worker',
    secret: false,
    absent: 'none',
    example: 'https://inspector.example.com',
    says: 'Web origins whose pages may call /mcp, the token and registration endpoints, and the metadata documents (CORS), never with cookies.',
  },
  REFUSED_MARKUP: {
    schema: z
      .string()
      .refine((text) => parseMarkupKinds(text) !== null, `expected none, or of ${MARKUP_KINDS.join(', ')}`),
    of: 'worker',
    secret: false,
    absent: 'all of them',
    example: 'html_tag,script_protocol',
    says: `Markup that is refused in names, titles and descriptions, with commas between: ${MARKUP_KINDS.map((kind) => `\`${kind}\``).join(', ')}; or \`none\`. Files, SQL, data and messages of commits are never judged by it, and all of it is escaped where it is shown ([0213](decisions/0213-text-in-names.md)).`,
  },
  REFUSED_PATTERNS: {
    schema: z
      .string()
      .refine(
        (text) => parsePatterns(text) !== null,
        'expected patterns without groups, * and +, with blanks between',
      ),
    of: 'worker',
    secret: false,
    absent: 'none',
    example: 'confidential project\\sx[0-9]{4}',
    says: 'Further patterns that names, titles and descriptions may not hold, with blanks between: characters, `.`, classes, `\\d \\s \\w \\b`, `|`, `?` and `{n}`, without regard to case. No groups, `*` or `+`: what takes long to match is refused at start.',
  },
  BLOB_STORE_URL: {
    schema: httpUrl,
    of: 'worker',
    secret: false,
    absent: 'the R2 bucket bound as BLOBS',
    example: 'https://s3.eu-central-1.amazonaws.com/causeway-blobs',
    says: 'An S3 endpoint with its bucket, where there is no R2.',
  },
  BLOB_STORE_ACCESS_KEY_ID: {
    schema: z.string().min(1),
    of: 'worker',
    secret: true,
    absent: 'requests to BLOB_STORE_URL are not signed',
    example: 'AKIA...',
    says: 'The access key of the S3 endpoint.',
  },
  BLOB_STORE_SECRET_ACCESS_KEY: {
    schema: z.string().min(1),
    of: 'worker',
    secret: true,
    absent: 'requests to BLOB_STORE_URL are not signed',
    example: '...',
    says: 'The secret of that access key.',
  },
  BLOB_STORE_REGION: {
    schema: z.string().min(1),
    of: 'worker',
    secret: false,
    absent: 'auto',
    example: 'eu-central-1',
    says: 'The region that S3 signatures name.',
  },
  DATABASE_OWNER_URL: {
    schema: postgresUrl,
    of: 'command',
    secret: true,
    absent: 'the stack in the state folder',
    example: 'postgres://causeway_owner:PASSWORD@db.example.com/causeway?sslmode=verify-full',
    says: 'The owner of a database, for every command that works on a database; --database-url says the same. To another machine by TLS alone.',
  },
  CONTEXT_KEY_PREVIOUS: {
    schema: key,
    of: 'command',
    secret: true,
    absent: 'CONTEXT_KEY is not being changed',
    example: '43 characters, as CONTEXT_KEY',
    says: 'The CONTEXT_KEY before, which `migrate` leaves in the database beside the new one until every Worker has that ([keys](keys.md)).',
  },
  CAUSEWAY_TOKEN: {
    schema: z.string().startsWith('btk_'),
    of: 'command',
    secret: true,
    absent: 'that of the stack in the state folder',
    example: 'btk_...',
    says: 'An API token with which `doctor` makes a call to the deployment that it is asked about.',
  },
  CAUSEWAY_RUNSC: {
    schema: z.string().min(1),
    of: 'command',
    secret: false,
    absent: "gVisor of Debian 13's package, unpacked under .causeway/cache",
    example: '/usr/local/bin/runsc',
    says: 'A gVisor runsc of your own.',
  },
} as const satisfies Record<string, Setting>;

/** Settings whose values nobody may see. */
export const SECRET_SETTINGS: readonly string[] = Object.entries(SETTINGS).flatMap(([name, { secret }]) =>
  secret ? [name] : [],
);

export type SettingName = keyof typeof SETTINGS;
export type WorkerSettingName = {
  [Name in SettingName]: (typeof SETTINGS)[Name]['of'] extends 'worker' ? Name : never;
}[SettingName];

/** Settings of a Worker by name; one that is not there is as its `absent` says. */
export type WorkerSettings = Readonly<Partial<Record<WorkerSettingName, string>>>;

/** The settings of a Worker as given, each checked. Throws a ZodError that names the first that is wrong. */
export function checkWorkerSettings(settings: WorkerSettings): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => {
      const text = SETTINGS[name as WorkerSettingName].schema.parse(value, { reportInput: false });
      return [name, text];
    }),
  );
}
