import { fstatSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import { startPostgresHttp } from './server.ts';

const HELP = `postgres-http: Neon's HTTP SQL protocol in front of a Postgres of your own.

  node infra/postgres-http/main.ts --upstream HOST:PORT [--listen HOST:PORT] [--LIMIT N ...]

  --upstream HOST:PORT   the Postgres to log in to, with each request's own credentials
  --listen HOST:PORT     where to serve, default 127.0.0.1:4444; port 0 takes a free one
${Object.entries(DEFAULT_LIMITS)
  .map(([name, value]) => `  ${`--${optionName(name)} N`.padEnd(36)}default ${value}`)
  .join('\n')}

Once it serves it prints one line: READY {"port","url"}. It holds no password and stores nothing.
It speaks plain HTTP: bind it to loopback or put TLS in front.
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
  return { upstream: readAddress('--upstream', values.upstream), ...listen, limits };
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
  process.stderr.write(`postgres-http: ${message}\n`);
  process.exit(2);
}
