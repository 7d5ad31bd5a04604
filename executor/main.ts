import { fstatSync } from 'node:fs';
import { readUnjudgedConfig } from './config.ts';
import { startExecutor } from './executor.ts';
import { say, stderrLog } from './log.ts';
import { releaseStack } from './release-stack.ts';
import { chosenOf, selfTest, selfTestJson, selfTestText } from './self-test.ts';
import { sweepHost } from './sweep-host.ts';

process.umask(0o022);
const config = readUnjudgedConfig(process.argv.slice(2));
const log = stderrLog();
const releases = releaseStack((error) => log('error', 'a release failed', { reason: String(error) }));

let isEnding = false;
/** Releases everything, last first, and exits; a second signal does not hurry it. */
async function end(exitCode: number): Promise<void> {
  if (isEnding) return;
  isEnding = true;
  await releases.releaseAll();
  process.exit(exitCode);
}

async function fail(reason: string): Promise<void> {
  say(reason);
  await end(1);
}

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void end(0));
process.on('uncaughtException', (error) => {
  log('error', 'uncaught', { reason: String(error.stack) });
  void end(1);
});

async function sweepOnce(): Promise<void> {
  const swept = await sweepHost(config);
  if (!swept.ok) return fail(swept.reason);
  log('info', 'swept what a killed executor left', { sandboxes: swept.sandboxes });
  await end(0);
}

async function testItself(isJson: boolean): Promise<void> {
  const tested = await selfTest(config, releases, log);
  if (!tested.ok) return fail(tested.reason);
  const { engines } = tested;
  process.stdout.write(`${isJson ? selfTestJson(engines) : selfTestText(engines)}\n`);
  await end(chosenOf(engines)?.report?.ok === true ? 0 : 1);
}

async function serve(): Promise<void> {
  // A parent that holds our stdin takes us with it when it dies. A service has /dev/null there, which means nothing.
  const stdin = fstatSync(0);
  if (stdin.isFIFO() || stdin.isSocket()) {
    process.stdin
      .on('end', () => void end(0))
      .on('error', () => void end(0))
      .resume();
  }
  const drainWish = Promise.withResolvers<void>();
  process.on('SIGUSR2', () => drainWish.resolve());
  let finishRuns = async (): Promise<void> => {};
  void drainWish.promise.then(async () => {
    log('info', 'draining: no further runs are taken');
    await finishRuns();
    await end(0);
  });
  const started = await startExecutor(config, releases, log, drainWish.resolve);
  if (!started.ok) return fail(started.reason);
  finishRuns = started.drain;
  const { engine, engine_version, image, slots } = started.offer;
  const ready = { executor: started.executor, engine, engine_version, image, slots };
  process.stdout.write(`READY ${JSON.stringify(ready)}\n`);
  void started.broken.then(fail);
}

switch (config.task.kind) {
  case 'sweep':
    await sweepOnce();
    break;
  case 'self-test':
    await testItself(config.task.isJson);
    break;
  case 'serve':
    await serve();
}
