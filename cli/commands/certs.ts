import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { statePaths } from '../stack/state-paths.ts';
import { printJson, printNote, printResult } from '../terminal/print.ts';
import { ensureCertificates, LOCAL_NAMES } from '../tls/certificates.ts';
import { type JsonOptions, jsonOption, type StateOptions, stateOption } from './state-option.ts';

interface CertsOptions extends StateOptions, JsonOptions {
  readonly host: readonly string[];
}

const HOST = /^[a-z0-9](?:[a-z0-9.:-]{0,251}[a-z0-9])?$/;

function addHost(host: string, before: readonly string[]): readonly string[] {
  const name = host.toLowerCase();
  if (!HOST.test(name) && name !== '::1')
    throw new InvalidArgumentError('Expected a name or an address, as causeway.test.');
  return before.includes(name) ? before : [...before, name];
}

export function registerCerts(program: Command): void {
  program
    .command('certs')
    .summary('certificates for TLS on this machine')
    .description(
      'Makes a certificate for this machine, signed by an authority of its own that may vouch for these names alone and whose key is thrown away. `up --tls` uses it, and makes it by itself. It needs openssl.',
    )
    .option('--host <name>', 'a further name or address; repeatable', addHost, LOCAL_NAMES)
    .addOption(stateOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
A client trusts the authority, for example:
  curl --cacert .causeway/tls/ca.pem https://localhost:8787/healthz
  NODE_EXTRA_CA_CERTS=.causeway/tls/ca.pem node executor/main.ts ...
  a browser: import .causeway/tls/ca.pem as an authority for web sites

Examples:
  $ ./causeway certs
  $ ./causeway certs --host causeway.test`,
    )
    .action(certs);
}

async function certs({ state, host, json }: CertsOptions): Promise<void> {
  const { caFile, certFile, keyFile, expiresAt } = await ensureCertificates(
    join(statePaths(state).root, 'tls'),
    host,
  );
  if (json)
    return printJson({ ca: caFile, certificate: certFile, key: keyFile, names: host, expires_at: expiresAt });
  printResult(`  Authority    ${caFile}\n  Certificate  ${certFile}\n  Key          ${keyFile}`);
  printNote(
    `  For ${host.join(', ')}, until ${expiresAt.toISOString().slice(0, 10)}. Clients trust the authority: --help shows how.`,
  );
}
