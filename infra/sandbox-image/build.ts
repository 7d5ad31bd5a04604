#!/usr/bin/env node
import path from 'node:path';
import { styleText } from 'node:util';
import { Command } from 'commander';
import { ensureImage } from './ensure-image.ts';
import { ensureRunsc } from './ensure-runsc.ts';
import type { PackageChange } from './lock.ts';
import { printProgress } from './print-progress.ts';
import { ProvisionProblem } from './problem.ts';
import type { OnProgress } from './progress.ts';
import { archiveFile, type SandboxImage } from './store/image-store.ts';
import { writeArchive } from './tree/canonical-tar.ts';
import { updateLock } from './update-lock.ts';

interface Flags {
  readonly state: string;
  readonly json?: true;
  readonly archive?: true;
  readonly updateLock?: true;
}

const command = new Command('node infra/sandbox-image/build.ts')
  .description('Builds the sandbox image and fetches runsc, or says what is there already.')
  .requiredOption('--state <dir>', 'folder for downloads, images and runsc')
  .option('--archive', 'also write the archive that `docker import` takes')
  .option('--update-lock', 'resolve all packages anew and write lock.json first')
  .option('--json', 'print one JSON object on the last line')
  .action(run);

async function run(flags: Flags): Promise<void> {
  const stateDir = path.resolve(flags.state);
  const { onProgress, finish } = printProgress(process.stderr);
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () =>
      ending.abort(new ProvisionProblem('cancelled', `Ended by ${signal}.`, 'Nothing half-made was left.')),
    );
  }
  const options = { stateDir, onProgress, signal: ending.signal };
  const lockChanges = flags.updateLock ? await updateLock(stateDir, onProgress) : [];
  const runsc = await ensureRunsc(options);
  const image = await ensureImage(options);
  const archive = flags.archive ? await archiveOf(image, stateDir, onProgress) : undefined;
  finish();
  if (flags.json) {
    const { digest, rootfsDir, manifest } = image;
    console.log(JSON.stringify({ ok: true, digest, rootfsDir, archive, manifest, runsc, lockChanges }));
  } else {
    console.log(summary(image, runsc, archive, lockChanges));
  }
}

async function archiveOf(image: SandboxImage, stateDir: string, onProgress: OnProgress): Promise<string> {
  const file = archiveFile(stateDir, image.digest);
  onProgress({ step: 'archive', says: `writing ${path.basename(file)}` });
  await writeArchive(image.rootfsDir, image.digest, file);
  return file;
}

function summary(
  { digest, rootfsDir, manifest }: SandboxImage,
  runsc: { path: string; version: string },
  archive: string | undefined,
  lockChanges: readonly PackageChange[],
): string {
  const libraries = Object.entries(manifest.libraries).map(([name, version]) => `${name} ${version}`);
  return [
    `image      ${digest}`,
    `unpacked   ${rootfsDir}`,
    ...(archive ? [`archive    ${archive}`] : []),
    `python     ${manifest.python}`,
    `libraries  ${libraries.join(', ')}`,
    ...(manifest.absent.length > 0
      ? [styleText('yellow', `absent     ${manifest.absent.join(', ')}: ${manifest.absentBecause}`)]
      : []),
    `runsc      ${runsc.version}  ${runsc.path}`,
    ...lockChanges.map((change) => `lock       ${describeChange(change)}`),
    ...manifest.changes.map((change) => styleText('yellow', `not locked ${describeChange(change)}`)),
  ].join('\n');
}

const describeChange = ({ name, from, to }: PackageChange): string =>
  `${name} ${from ?? '(new)'} -> ${to ?? '(gone)'}`;

try {
  await command.parseAsync();
} catch (error) {
  if (!(error instanceof ProvisionProblem)) throw error;
  const { code, message, remedy } = error;
  if (process.argv.includes('--json')) console.log(JSON.stringify({ ok: false, code, message, remedy }));
  console.error(`\n${styleText('red', message)}\n${remedy}`);
  process.exitCode = 1;
}
