import { fstatSync } from 'node:fs';
import { say } from './log.ts';
import { HELP, readSettings } from './read-settings.ts';
import { startPostgresHttp } from './server.ts';

const read = readSettings(process.argv.slice(2));
if (read.kind === 'help') process.stdout.write(HELP);
else if (read.kind === 'refused')
  fail(`it does not start:\n${read.faults.map((fault) => `  ${fault}`).join('\n')}`);
else {
  const server = await startPostgresHttp(read.settings).catch((error: Error) => fail(error.message));
  process.stdout.write(`READY ${JSON.stringify({ port: server.port, url: server.url })}\n`);
  const stop = (): void => void server.close().then(() => process.exit(0));
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  const input = fstatSync(0);
  if (input.isFIFO() || input.isSocket()) process.stdin.once('end', stop).once('error', stop).resume();
}

function fail(message: string): never {
  say(message);
  process.exit(2);
}
