import { readFileSync } from 'node:fs';
import { hostname, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type Labels, labelsSchema, parseLabel } from '../protocol/labels.ts';
import { ENGINE_CHOICES, type EngineChoice } from './choose-engine.ts';
import { KEY_DAYS_MAX } from './key-age.ts';
import { refuseAddress } from './refuse-address.ts';
import { expandSettings } from './settings-file.ts';

const MIB = 1024 * 1024;

export interface Config {
  /** PUBLIC_URL of the worker, without a slash at its end; null where none was given. */
  readonly url: string | null;
  readonly stateDir: string;
  readonly cacheDir: string;
  readonly slots: number;
  readonly name: string;
  /** What runs may ask for, as `region=eu`. */
  readonly labels: Labels;
  readonly joinTokenFile: string | null;
  /** Its own key is overdue after so many days. */
  readonly keyDaysMax: number;
  /** What all sandboxes together may use. */
  readonly memoryBytes: number;
  readonly blobCacheBytesMax: number;
  /** With less free on the disk of its state it takes no runs. */
  readonly keepFreeBytes: number;
  readonly engine: EngineChoice;
  readonly acceptsKernelAsBoundary: boolean;
  readonly dockerSocket: string;
  readonly platform: 'systrap' | 'kvm';
  /** Whose signature of a sandbox image counts: public keys, or files of them. */
  readonly imageKeys: readonly string[];
  /** Null for the one beside the image. */
  readonly imageSignature: string | null;
  /** How often it is looked whether the image on disk was changed. */
  readonly imageCheckMs: number;
  readonly task: Task;
}

/** What the program is started for; only who serves needs a deployment, and `judgeStart` says so. */
export type Task =
  | { readonly kind: 'serve' }
  | { readonly kind: 'self-test'; readonly isJson: boolean }
  | { readonly kind: 'sweep' };

const EXAMPLES = `
Examples:
  $ node executor/main.ts --url https://causeway.example --state /var/lib/causeway --slots 4 --join-token-file token \\
      --image-key /etc/causeway/image-keys
      registers with the one-time token, proves its isolation, and serves
  $ node executor/main.ts --url http://127.0.0.1:8787 --state .causeway/executor --image-key .causeway/image-key.pub
      serves with the identity that an earlier start registered
  $ node executor/main.ts --config /etc/causeway/executor.json
      serves as \`causeway-executor join\` has set this host up
  $ node executor/main.ts --self-test --image-key /etc/causeway/image-keys
      plays the hostile probe and prints what it met; exit code 1 when something got through

It runs as root. It dials out only; no port is opened. SIGUSR2 lets it finish its runs and end; SIGTERM, SIGINT and the end of
its stdin stop it at once, and its runs are given to others.`;

function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('Expected a whole number from 1.');
  return value;
}

function keyDays(text: string): number {
  const value = positiveInteger(text);
  if (value < 30 || value > 3650)
    throw new InvalidArgumentError('Expected a number of days from 30 to 3650.');
  return value;
}

function addLabel(text: string, before: Labels): Labels {
  const labels = labelsSchema.safeParse({ ...before, ...parseLabel(text) });
  if (parseLabel(text) === null || !labels.success)
    throw new InvalidArgumentError('Expected name=value, as region=eu; 16 at most.');
  return labels.data;
}

function workerUrl(text: string): string {
  const refused = refuseAddress(text);
  if (refused !== null) throw new InvalidArgumentError(refused);
  return withoutSlash(text);
}

function withoutSlash(text: string): string {
  let end = text.length;
  while (text[end - 1] === '/') end--;
  return text.slice(0, end);
}

const addTo = (text: string, before: readonly string[]) => [...before, text];

/** What an executor serves with, as a command line gives it. */
export interface ServeOptions {
  url?: string;
  slots: number;
  name: string;
  label: Labels;
  memoryMb?: number;
  blobCacheMb: number;
  keepFreeMb: number;
  engine: EngineChoice;
  acceptKernelAsBoundary?: true;
  dockerSocket: string;
  platform: 'systrap' | 'kvm';
  imageKey: readonly string[];
  imageSignature?: string;
  imageCheckSeconds: number;
  keyDaysMax: number;
}

interface Options extends ServeOptions {
  state: string;
  cache?: string;
  joinTokenFile?: string;
  selfTest?: true;
  sweep?: true;
  json?: true;
}

/** The options of {@link ServeOptions}; a host's settings file has the same names. */
export function withServeOptions(command: Command, readUrl = workerUrl): Command {
  return command
    .option('--url <url>', 'PUBLIC_URL of the worker', readUrl)
    .option('--slots <n>', 'runs at the same time', positiveInteger, 2)
    .option('--name <name>', 'shown to administrators', hostname())
    .addOption(
      new Option('--label <name=value>', 'what runs may ask of this host, as region=eu; repeatable')
        .argParser(addLabel)
        .default({}, 'none'),
    )
    .option(
      '--memory-mb <mb>',
      'for all sandboxes together (default: three quarters of the host)',
      positiveInteger,
    )
    .option('--blob-cache-mb <mb>', 'fetched inputs kept on disk', positiveInteger, 4096)
    .option(
      '--keep-free-mb <mb>',
      'takes no runs while the disk of its state has less free; fetched inputs go first',
      positiveInteger,
      512,
    )
    .addOption(
      new Option('--engine <name>', 'what runs are isolated by; auto takes the strongest that this host has')
        .choices(ENGINE_CHOICES)
        .default('auto'),
    )
    .option(
      '--accept-kernel-as-boundary',
      'lets docker-runc serve: a bug in the kernel of this host is an escape then',
    )
    .option('--docker-socket <path>', 'of the Docker daemon, for its engines', '/var/run/docker.sock')
    .addOption(
      new Option('--platform <name>', 'platform of gVisor; kvm hangs in most virtual machines')
        .choices(['systrap', 'kvm'])
        .default('systrap'),
    )
    .addOption(
      new Option(
        '--image-key <key>',
        'a public key that is trusted to sign sandbox images, or a file of them; repeatable, and needed to serve',
      )
        .argParser(addTo)
        .default([], 'none'),
    )
    .option('--image-signature <file>', 'signature of the image (default: beside it, in the cache)')
    .option(
      '--image-check-seconds <n>',
      'how often it is looked whether the image on disk was changed',
      positiveInteger,
      60,
    )
    .option(
      '--key-days-max <n>',
      'refuses to start with a key of its own that is older; it exchanges it by itself when three quarters of the time are over',
      keyDays,
      KEY_DAYS_MAX,
    );
}

/** Reads the command line (`argv` without node and the script); prints help or a problem and exits where there is one. */
export function readConfig(argv: readonly string[]): Config {
  return read(argv, workerUrl);
}

/** The same for who judges the start as a whole (`judgeStart`), which says of the address too why it is not dialled. */
export function readUnjudgedConfig(argv: readonly string[]): Config {
  return read(argv, withoutSlash);
}

function read(argv: readonly string[], readUrl: typeof workerUrl): Config {
  const command = withServeOptions(
    new Command('executor')
      .description('Runs what a Causeway worker sends, in single-use sandboxes without a network.')
      .option('--config <file>', 'these options from a file, as `causeway-executor join` writes it')
      .option('--state <dir>', 'identity, blob cache and sandboxes of this executor', '.causeway/executor')
      .option(
        '--cache <dir>',
        'runsc and images, shared with other executors (default: cache beside the state)',
      )
      .option('--join-token-file <file>', 'one-time join token, for the first start'),
    readUrl,
  )
    .option('--self-test', 'play the hostile probe under each engine, print tables, and exit')
    .option('--sweep', 'remove what a killed executor left of its sandboxes, and exit')
    .option('--json', 'with --self-test: one JSON object')
    .addHelpText('after', EXAMPLES);
  const given = expandSettings(argv);
  if (!given.ok) return command.error(`error: ${given.reason}`);
  command.parse([...given.argv], { from: 'user' });
  const options = command.opts<Options>();
  const stateDir = resolve(options.state);
  return {
    url: options.url ?? null,
    stateDir,
    cacheDir: resolve(options.cache ?? join(stateDir, '..', 'cache')),
    slots: options.slots,
    name: options.name,
    labels: options.label,
    joinTokenFile: options.joinTokenFile ?? null,
    keyDaysMax: options.keyDaysMax,
    memoryBytes: options.memoryMb === undefined ? Math.floor(totalmem() * 0.75) : options.memoryMb * MIB,
    blobCacheBytesMax: options.blobCacheMb * MIB,
    keepFreeBytes: options.keepFreeMb * MIB,
    engine: options.engine,
    acceptsKernelAsBoundary: options.acceptKernelAsBoundary === true,
    dockerSocket: resolve(options.dockerSocket),
    platform: options.platform,
    imageKeys: options.imageKey,
    imageSignature: options.imageSignature === undefined ? null : resolve(options.imageSignature),
    imageCheckMs: options.imageCheckSeconds * 1000,
    task: taskOf(options),
  };
}

function taskOf({ sweep, selfTest, json }: Options): Task {
  if (sweep === true) return { kind: 'sweep' };
  if (selfTest === true) return { kind: 'self-test', isJson: json === true };
  return { kind: 'serve' };
}

/** The version that `hello` names: that of the package. */
export function ownVersion(): string {
  const text = readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
