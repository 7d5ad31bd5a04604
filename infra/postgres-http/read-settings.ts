import { readFileSync, statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type GivenFile, judgeSettings } from './judge-settings.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import type { PostgresHttpOptions } from './server.ts';

const LIMIT_NAMES = Object.keys(DEFAULT_LIMITS) as readonly (keyof Limits)[];

export const HELP = `postgres-http: Neon's HTTP SQL protocol in front of a Postgres of your own.

  node infra/postgres-http/main.ts --upstream HOST:PORT [--listen HOST:PORT] [--LIMIT N ...]

  --upstream HOST:PORT   the Postgres to log in to, with each request's own credentials
  --listen HOST:PORT     where to serve, default 127.0.0.1:4444; port 0 takes a free one
  --tls-cert FILE        serve HTTPS (TLS 1.2 or newer) with this certificate chain, PEM,
  --tls-key FILE         and its key, which nobody else may read
  --behind-tls           something in front ends TLS: plain HTTP is served on any address
  --upstream-tls         reach Postgres by TLS, and prove that its certificate is that host's
  --upstream-ca FILE     the same, with an authority of your own, PEM
${Object.entries(DEFAULT_LIMITS)
  .map(([name, value]) => `  ${`--${optionName(name)} N`.padEnd(36)}default ${value}`)
  .join('\n')}

Once it serves it prints one line: READY {"port","url"}. It holds no password and stores nothing.
Without TLS it starts on loopback alone, and reaches a Postgres on this machine alone: passwords travel both ways.
It ends on SIGTERM and SIGINT, and when its standard input is a pipe that closes.
Whether it would start with these options is told by: ./causeway doctor postgres-http -- OPTIONS
`;

export type SettingsRead =
  | { readonly kind: 'help' }
  /** Why it must not start, all at once, each with its remedy. */
  | { readonly kind: 'refused'; readonly faults: readonly string[] }
  | { readonly kind: 'settings'; readonly settings: PostgresHttpOptions };

/** What a command line asks for, with the files that it names, or why it must not be served. */
export function readSettings(argv: readonly string[]): SettingsRead {
  const parsed = parse(argv);
  if (typeof parsed === 'string') return { kind: 'refused', faults: [parsed] };
  if (parsed.help === true) return { kind: 'help' };
  const faults: string[] = [];
  const limits = readLimits(parsed, faults);
  const listen = readHostPort(parsed, 'listen', faults);
  const upstream = readHostPort(parsed, 'upstream', faults);
  const cert = readGiven(parsed, 'tls-cert', faults);
  const key = readGiven(parsed, 'tls-key', faults);
  const ca = readGiven(parsed, 'upstream-ca', faults);
  if ((parsed['tls-cert'] === undefined) !== (parsed['tls-key'] === undefined))
    faults.push('--tls-cert and --tls-key belong together: give both');
  const isUpstreamTls = parsed['upstream-tls'] === true || parsed['upstream-ca'] !== undefined;
  const withoutCert = parsed['behind-tls'] === true ? 'behind_tls' : 'plain';
  faults.push(
    ...judgeSettings({
      listenHost: listen?.host ?? null,
      upstreamHost: upstream?.host ?? null,
      serving: parsed['tls-cert'] === undefined ? withoutCert : 'tls',
      isUpstreamTls,
      cert,
      key,
      ca,
      ownUid: process.getuid?.() ?? 0,
      now: Date.now(),
    }),
  );
  if (faults.length > 0 || listen === null || upstream === null) return { kind: 'refused', faults };
  return {
    kind: 'settings',
    settings: {
      upstream: { ...upstream, tls: isUpstreamTls ? { ca: ca?.text ?? null } : null },
      ...listen,
      limits,
      tls: cert === null || key === null ? null : { cert: cert.text, key: key.text },
    },
  };
}

/** The options as they were given; a sentence where the command line cannot be understood. */
function parse(argv: readonly string[]) {
  const options = {
    help: { type: 'boolean', short: 'h' },
    upstream: { type: 'string' },
    listen: { type: 'string', default: '127.0.0.1:4444' },
    'tls-cert': { type: 'string' },
    'tls-key': { type: 'string' },
    'behind-tls': { type: 'boolean' },
    'upstream-tls': { type: 'boolean' },
    'upstream-ca': { type: 'string' },
    ...Object.fromEntries(LIMIT_NAMES.map((name) => [optionName(name), { type: 'string' as const }])),
  } as const;
  try {
    return parseArgs({ args: [...argv], options }).values;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

type Parsed = Exclude<ReturnType<typeof parse>, string>;

// Each of these reads some options, and adds what is wrong with them to `faults`.

function readLimits(parsed: Parsed, faults: string[]): Partial<Limits> {
  const given: Readonly<Record<string, unknown>> = parsed;
  const limits: Partial<Record<keyof Limits, number>> = {};
  for (const name of LIMIT_NAMES) {
    const text = given[optionName(name)];
    if (text === undefined) continue;
    const value = Number(text);
    if (Number.isSafeInteger(value) && value > 0) limits[name] = value;
    else faults.push(`--${optionName(name)} is not a positive whole number`);
  }
  return limits;
}

function readHostPort(parsed: Parsed, option: 'listen' | 'upstream', faults: string[]) {
  const text = parsed[option];
  const address = text === undefined ? null : readAddress(text);
  if (text === undefined) faults.push(`--${option} HOST:PORT is missing; --help tells more`);
  else if (address === null) faults.push(`--${option} is not HOST:PORT: ${text}`);
  return address;
}

function readGiven(
  parsed: Parsed,
  option: 'tls-cert' | 'tls-key' | 'upstream-ca',
  faults: string[],
): GivenFile | null {
  const path = parsed[option];
  if (path === undefined) return null;
  try {
    return { path, text: readFileSync(path, 'utf8'), facts: statSync(path) };
  } catch (error) {
    faults.push(`--${option}: ${error instanceof Error ? error.message : String(error)}`);
    return null;
  }
}

function readAddress(text: string): { readonly host: string; readonly port: number } | null {
  const match = /^(?:\[(.+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || port > 65_535 ? null : { host, port };
}

/** `requestBytesMax` as `request-bytes-max`. */
function optionName(limit: string): string {
  return limit.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
