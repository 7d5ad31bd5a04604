import type { Command } from 'commander';
import { asKeyOperator } from '../database/key-operator.ts';
import { ownerUrlOf } from '../stack/owner-url.ts';
import { printJson, printNote, printResult } from '../terminal/print.ts';
import { type DatabaseOptions, withDatabase } from './database-option.ts';
import { requireKnown } from './tenant-command.ts';
import { tenantNamed } from './tenant-option.ts';

interface ResealOptions extends DatabaseOptions {
  readonly tenant?: string;
}

/** What the Worker seals of blobs, and how far it is. */
export function registerReseal(keys: Command): void {
  withDatabase(keys.command('reseal'))
    .summary('have blobs sealed with the newest key of their tenant')
    .description(
      'Has the Worker seal every blob that lies in the clear (from before blobs were sealed) or under an earlier key, a few hundred a minute, while everything is served. It needs nothing but the cron: keys status tells how far it is.',
    )
    .option('--tenant <id>', 'the blobs of this tenant alone')
    .addHelpText(
      'after',
      '\nExamples:\n  $ ./causeway keys reseal\n  $ ./causeway keys rotate --tenant ten_01jd... && ./causeway keys reseal --tenant ten_01jd...',
    )
    .action(reseal);
  withDatabase(keys.command('status'))
    .summary('which keys there are, and how many blobs wait to be sealed')
    .description(
      'Lists the key-encryption keys with what gives each (passphrase or KMS), and the blobs that wait or are damaged. Nothing secret is shown.',
    )
    .addHelpText('after', '\nExample:\n  $ ./causeway keys status')
    .action(status);
}

async function reseal(options: ResealOptions): Promise<void> {
  const tenant = options.tenant === undefined ? null : tenantNamed(options.tenant);
  const ownerUrl = await ownerUrlOf(options);
  if (tenant !== null) await requireKnown(ownerUrl, tenant);
  const waiting = await asKeyOperator(ownerUrl, (operator) => operator.resealBlobs(tenant));
  if (options.json) printJson({ waiting });
  else
    printNote(
      `${waiting} blobs are looked at by the Worker from its next minute on; ./causeway keys status tells how far it is.`,
    );
}

async function status(options: DatabaseOptions): Promise<void> {
  const { keks, blobs } = await asKeyOperator(await ownerUrlOf(options), async (operator) => ({
    keks: (await operator.findKeks()).map(({ keyId, recipe }) => ({ key: keyId, by: SOURCES[recipe.kind] })),
    blobs: await operator.countBlobsToSeal(),
  }));
  if (options.json) {
    printJson({ keyEncryptionKeys: keks, blobs });
    return;
  }
  for (const [index, { key, by }] of keks.entries())
    printResult(
      `${key}  by ${by}${index === keks.length - 1 ? ', wraps new keys' : ', earlier: ./causeway keys rotate --kek'}`,
    );
  printResult(`${blobs.waiting} blobs wait to be sealed with the newest key of their tenant.`);
  for (const { tenant, sha256 } of blobs.damaged)
    printResult(
      `damaged: ${tenant}/${sha256}; its bytes are not those of its name: restore it from a backup, then ./causeway keys reseal`,
    );
}

const SOURCES = { argon2id: 'passphrase', kms: 'KMS' } as const;
