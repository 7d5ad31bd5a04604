import { join } from 'node:path';
import type { Command } from 'commander';
import { printProgress } from '../../infra/sandbox-image/print-progress.ts';
import { snakeCaseJson } from '../../protocol/snake-case-json.ts';
import { readConfig, type ServeOptions } from '../config.ts';
import { say } from '../log.ts';
import { readSettings, type Settings, settingsToArgv } from '../settings-file.ts';
import { confirmOnTerminal } from './ask-terminal.ts';
import type { HostOptions } from './commands.ts';
import { exists } from './exists.ts';
import { HostProblem } from './host-problem.ts';
import { isInstalled, OWN_ROOT, programVersion } from './install-program.ts';
import { type Joined, performJoin } from './join.ts';
import { type HostFault, type JoinWish, judgeHost } from './judge-host.ts';
import { BUNDLED_KEYS, type Layout, layoutUnder, programOf } from './layout.ts';
import { lookAtHost } from './look-at-host.ts';
import { planJoin, planText } from './plan.ts';
import { readKeyLines } from './read-key-lines.ts';
import { readToken } from './read-token.ts';
import { settingsOf } from './settings-of.ts';

export interface JoinOptions extends ServeOptions, HostOptions {
  readonly token?: string;
  readonly tokenFile?: string;
  readonly yes?: true;
  readonly dryRun?: true;
  readonly start: boolean;
  readonly cache?: string;
}

/** `executor join`: judge, plan, ask, do, and say what is next. */
export async function joinHost(options: JoinOptions, command: Command): Promise<void> {
  const layout = layoutUnder(options.prefix, options.cache);
  const settings = await settingsFor(layout, options, command);
  const { url, engine, dockerSocket, imageKeys } = readConfig(
    settingsToArgv({ url: 'https://unnamed.invalid', ...settings }),
  );
  if (settings.url === undefined || url === null)
    throw new HostProblem({
      what: 'There is no deployment to join.',
      why: '--url was not given',
      remedy: 'give its public address: --url https://causeway.example.com',
    });
  const joinToken = await readToken(options);
  const { start } = options;
  const trustsKey = imageKeys.length > 0;
  const wish: JoinWish = { url, engine, start, hasToken: joinToken !== null, trustsKey };
  const facts = await lookAtHost(layout, url, dockerSocket);
  const faults = judgeHost(facts, wish);
  if (faults.length > 0) throw notHere(faults);
  const version = await programVersion();
  const plan = planJoin(facts, wish, layout, await isInstalled(layout, version));
  if (!options.json) say(planText(plan));
  if (options.dryRun) {
    if (options.json) process.stdout.write(`${snakeCaseJson({ ok: true, plan })}\n`);
    return;
  }
  if (!options.yes) await askLeave();
  const { onProgress, finish } = printProgress(process.stderr);
  const joined = await performJoin({
    layout,
    wish,
    facts,
    settings,
    joinToken,
    version,
    signatureFile: options.imageSignature ?? null,
    say: (step) => onProgress({ step: 'wait', says: step }),
    onProgress,
  }).finally(finish);
  tell(joined, layout, options);
}

/** What an earlier join was told, and this one over it. Keys are kept themselves, not files that may go: those that were given, or came with the bundle. */
async function settingsFor(layout: Layout, options: JoinOptions, command: Command): Promise<Settings> {
  const before = (await exists(layout.settingsFile)) ? readSettings(layout.settingsFile) : null;
  if (before?.ok === false)
    throw new HostProblem({
      what: 'The settings of an earlier join cannot be used.',
      why: before.reason,
      remedy: 'mend or remove that file, and join again with all options',
    });
  const { 'image-signature': _, ...said } = settingsOf(command);
  const bundled = join(OWN_ROOT, BUNDLED_KEYS);
  const named = options.imageKey.length === 0 && (await exists(bundled)) ? [bundled] : options.imageKey;
  const keys = named.length === 0 ? {} : { 'image-key': await readKeyLines(named) };
  return { ...before?.settings, ...said, ...keys };
}

function notHere(faults: readonly HostFault[]): HostProblem {
  const numbered = (text: string, index: number): string =>
    faults.length === 1 ? text : `${index + 1}. ${text}`;
  return new HostProblem({
    what: 'No executor can be installed here as it is; nothing was changed.',
    why: faults.map(({ what }, index) => numbered(what, index)).join('\n'),
    remedy: faults.map(({ remedy }, index) => numbered(remedy, index)).join('\n'),
  });
}

async function askLeave(): Promise<void> {
  const refused = (why: string): HostProblem =>
    new HostProblem({ what: 'Nothing was changed.', why, remedy: 'say --yes, where that is what you want' });
  if (!process.stdin.isTTY || !process.stderr.isTTY) throw refused('there is no terminal to ask on');
  if (!(await confirmOnTerminal('Go on?'))) throw refused('the answer was not yes');
}

/** How it stands, and what to do next. */
function tell(joined: Joined, layout: Layout, { json, start }: JoinOptions): void {
  const { node, daemon, command } = programOf(layout.current);
  const serve = [node, '--disable-sigusr1', daemon, '--config', layout.settingsFile];
  if (json) {
    process.stdout.write(`${snakeCaseJson({ ok: true, ...joined, command: start ? null : serve })}\n`);
    return;
  }
  const { executor, engine, status } = joined;
  const next = start
    ? [
        `${executor} is connected and takes ${status?.slots} runs at a time, isolated by ${engine}.`,
        '',
        '  causeway-executor status     how it stands',
        '  causeway-executor logs -f    what it says',
        '  causeway-executor drain      let it finish and end, before the host is stopped',
      ]
    : [
        `${executor} is registered and will run models isolated by ${engine}. Start it as root with:`,
        '',
        `  ${serve.join(' ')}`,
        '',
        `Then: ${command} status`,
      ];
  process.stdout.write(`${next.join('\n')}\n`);
}
