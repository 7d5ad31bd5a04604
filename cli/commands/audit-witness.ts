import { existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { readNoteVerifier } from '../../protocol/signed-note.ts';
import { cosignedAt, makeWitnessKeys, readWitnessKey, readWitnessSigner } from '../audit/cosignature.ts';
import { judgeCheckpoint, type Witnessed, writeWitnessRequest } from '../audit/witness.ts';
import { withAuditOperator } from '../database/audit-operator.ts';
import { ownerUrlOf } from '../stack/owner-url.ts';
import { writePrivateFile } from '../stack/secrets.ts';
import { Failure } from '../terminal/failure.ts';
import { printNote, printResult } from '../terminal/print.ts';
import { type DatabaseOptions, withDatabase } from './database-option.ts';
import { fileToWrite } from './file-option.ts';

interface WitnessOptions {
  readonly key: string;
  readonly witnessKey: string;
  readonly memory: string;
}

/** A witness is somebody else, on another host: it sees each checkpoint, and signs none that contradicts one it saw. */
export function registerWitness(audit: Command): void {
  audit
    .command('witness-key')
    .summary('on the witness: make its keys')
    .description('Makes the keys of a witness: the private one into a file, the public one onto the screen.')
    .requiredOption('--name <name>', 'under which it signs, such as witness.example.org')
    .requiredOption('--out <file>', 'where the private key goes', fileToWrite)
    .addHelpText(
      'after',
      '\nExample:\n  $ ./causeway audit witness-key --name witness.example.org --out witness.key',
    )
    .action(makeKey);

  withDatabase(audit.command('witness-request'))
    .summary('write what a witness has to see')
    .description(
      'Prints the newest checkpoint with the proof that the log a witness saw before is its beginning (C2SP tlog-witness, add-checkpoint).',
    )
    .option('--since <size>', 'the size that the witness saw last', '0')
    .addHelpText('after', '\nExample:\n  $ ./causeway audit witness-request --since 120 > request.txt')
    .action(writeRequest);

  audit
    .command('witness')
    .summary('on the witness: check a checkpoint, and cosign it')
    .description(
      'Cosigns a checkpoint when the deployment signed it and everything that this witness saw before is its beginning; prints the line. Refuses with what is wrong else.',
    )
    .argument('<request>', 'what audit witness-request printed')
    .requiredOption('--key <key>', 'the public key of the deployment, or a file that holds it')
    .requiredOption('--witness-key <file>', 'what audit witness-key wrote')
    .requiredOption(
      '--memory <file>',
      'where the witness keeps what it saw; made at the first time',
      fileToWrite,
    )
    .addHelpText(
      'after',
      '\nExample:\n  $ ./causeway audit witness request.txt --key causeway-audit.key --witness-key witness.key --memory seen.json > line.txt',
    )
    .action(witness);

  withDatabase(audit.command('cosign'))
    .summary('take in the line of a witness')
    .description('Keeps what a witness printed; audit export --cosigned then carries it.')
    .argument('<file>', 'what audit witness printed')
    .addHelpText('after', '\nExample:\n  $ ./causeway audit cosign line.txt')
    .action(takeIn);
}

function makeKey({ name, out }: { name: string; out: string }): void {
  if (existsSync(out))
    throw new Failure({
      what: 'No key was made.',
      why: `${out} is there already`,
      remedy: 'name another file: a witness that loses its key is no witness any more',
    });
  const { privateKey, publicKey } = makeWitnessKeys(name);
  writePrivateFile(out, `${privateKey}\n`);
  printResult(publicKey);
}

async function writeRequest(options: DatabaseOptions & { since: string }): Promise<void> {
  const since = Number(options.since);
  if (!Number.isSafeInteger(since) || since < 0)
    throw new Failure({
      what: 'Nothing was written.',
      why: `${options.since} is no size of a tree`,
      remedy: 'give the size that the witness names, 0 at first',
    });
  const asked = await withAuditOperator(await ownerUrlOf(options), (operator) =>
    operator.witnessRequest(since),
  );
  if (asked === null)
    throw new Failure({
      what: 'There is no checkpoint yet.',
      why: 'nothing was sealed so far',
      remedy: 'wait a minute, or make one: ./causeway audit export',
    });
  process.stdout.write(writeWitnessRequest(since, asked.proof, asked.note));
}

async function witness(file: string, options: WitnessOptions): Promise<void> {
  const key = await readNoteVerifier(textOf(options.key));
  const signer = readWitnessSigner(textOf(options.witnessKey));
  if (key === null || signer === null)
    throw refused(`${key === null ? options.key : options.witnessKey} is no key`);
  const known = existsSync(options.memory)
    ? (JSON.parse(readFileSync(options.memory, 'utf8')) as Witnessed)
    : null;
  const verdict = await judgeCheckpoint(existsSync(file) ? readFileSync(file, 'utf8') : '', {
    known,
    key,
    signer,
    nowSeconds: Math.floor(Date.now() / 1000),
  });
  if (!verdict.ok) throw refused(verdict.problem, verdict.remedy);
  writePrivateFile(options.memory, `${JSON.stringify(verdict.witnessed)}\n`);
  process.stdout.write(`${verdict.witnessed.size}\n${verdict.line}`);
  printNote(`Seen ${verdict.witnessed.origin} up to size ${verdict.witnessed.size}, all of it as before.`);
}

async function takeIn(file: string, options: DatabaseOptions): Promise<void> {
  const [size = '', line = ''] = (existsSync(file) ? readFileSync(file, 'utf8') : '').split('\n');
  const isKept =
    /^\d{1,15}$/.test(size) &&
    /^\u2014 [^ +]+ [A-Za-z0-9+/=]+$/.test(line) &&
    (await withAuditOperator(await ownerUrlOf(options), (operator) =>
      operator.addCosignature(Number(size), line),
    ));
  if (!isKept)
    throw new Failure({
      what: 'Nothing was taken in.',
      why: `${file} holds no new line for a checkpoint of this deployment`,
      remedy: 'give what ./causeway audit witness printed',
    });
  printResult(`Kept for the checkpoint of size ${size}.`);
}

/** Whether a note carries the cosignature of the witness whose public key, or its file, is given; throws where that is none. */
export function readWitness(given: string): (note: string) => number | null {
  const key = readWitnessKey(textOf(given));
  if (key === null) throw refused(`${given} is no public key of a witness`);
  return (note) => cosignedAt(note, key);
}

function textOf(given: string): string {
  return (existsSync(given) ? readFileSync(given, 'utf8') : given).trim();
}

function refused(
  why: string,
  remedy = 'give what ./causeway audit witness-key or audit key printed',
): Failure {
  return new Failure({ what: 'Not cosigned.', why, remedy });
}
