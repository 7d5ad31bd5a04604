import { fstatSync, readFileSync, statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { judgeSettings } from './judge-settings.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { say } from './log.ts';
import { startPostgresHttp } from './server.ts';

const HELP = `postgres-http: Neon's HTTP SQL protocol in front of a Postgres of your own.

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
`;

await main();

async function main(): Promise<void> {
  const settings = readSettings(process.argv.slice(2));
  if (settings === null) {
    process.stdout.write(HELP);
    return;
  }
  const server = await startPostgresHttp(settings).catch((error: Error) => fail(error.message));
  process.stdout.write(`READY ${JSON.stringify({ port: server.port, url: server.url })}
`);
  const stop = (): void => void server.close().then(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  const input = fstatSync(0);
  if (input.isFIFO() || input.isSocket()) process.stdin.once('end', stop).once('error', stop).resume();
}

function readSettings(argv: readonly string[]) {
  const limitNames = Object.keys(DEFAULT_LIMITS) as (keyof Limits)[];
  const options = {
    help: { type: 'boolean', short: 'h' },
    upstream: { type: 'string' },
    listen: { type: 'string', default: '127.0.0.1:4444' },
    'tls-cert': { type: 'string' },
    'tls-key': { type: 'string' },
    'behind-tls': { type: 'boolean' },
    'upstream-tls': { type: 'boolean' },
    'upstream-ca': { type: 'string' },
    ...Object.fromEntries(limitNames.map((name) => [optionName(name), { type: 'string' as const }])),
  } as const;
  const values = parseOrFail(() => parseArgs({ args: [...argv], options }).values);
  if (values.help === true) return null;
  if (values.upstream === undefined) fail('--upstream HOST:PORT is missing; --help tells more');
  const listen = readAddress('--listen', values.listen);
  const given: Readonly<Record<string, unknown>> = values;
  const limits: Partial<Record<keyof Limits, number>> = {};
  for (const name of limitNames) {
    const text = given[optionName(name)];
    if (text === undefined) continue;
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < 1)
      fail(`--${optionName(name)} is not a positive whole number`);
    limits[name] = value;
  }
  const upstream = readAddress('--upstream', values.upstream);
  const [cert, key, ca] = (['tls-cert', 'tls-key', 'upstream-ca'] as const).map((name) =>
    readOption(`--${name}`, values[name]),
  );
  if ((cert === undefined) !== (key === undefined)) fail('--tls-cert and --tls-key belong together');
  const isUpstreamTls = values['upstream-tls'] === true || ca !== undefined;
  const keyFile = values['tls-key'];
  const faults = judgeSettings({
    listenHost: listen.host,
    upstreamHost: upstream.host,
    serving: cert !== undefined ? 'tls' : values['behind-tls'] === true ? 'behind_tls' : 'plain',
    isUpstreamTls,
    keyFile: keyFile === undefined ? null : { path: keyFile, facts: statSync(keyFile) },
    ownUid: process.getuid?.() ?? 0,
  });
  if (faults.length > 0) fail(`it does not start:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
  return {
    upstream: { ...upstream, tls: isUpstreamTls ? { ca: ca ?? null } : null },
    ...listen,
    limits,
    tls: cert === undefined || key === undefined ? null : { cert, key },
  };
}

function readOption(option: string, file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    return fail(`${option}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function parseOrFail<Values>(parse: () => Values): Values {
  try {
    return parse();
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

function readAddress(option: string, text: string): { host: string; port: number } {
  const match = /^(?:\[(.+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535) fail(`${option} is not HOST:PORT: ${text}`);
  return { host, port };
}

/** `requestBytesMax` as `request-bytes-max`. */
function optionName(limit: string): string {
  return limit.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function fail(message: string): never {
  say(message);
  process.exit(2);
}
