import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ProvisionProblem } from '../problem.ts';
import { recipe } from '../recipe.ts';
import { type CommandResult, lastWords, runCommand, succeeded } from '../run-command.ts';
import { debianMirrorOf, indexTargetsFormat, sourcesList } from './debian-mirror.ts';

/** An apt of our own below the state folder: it reads the host's transport settings (proxy, certificates) and writes nothing outside. */
export interface AptRoot {
  readonly configFile: string;
  readonly folder: string;
}

const keyrings = [
  '/usr/share/keyrings/debian-archive-keyring.gpg',
  '/usr/share/keyrings/debian-archive-keyring.pgp',
];

/**
 * `-c` is read after the host's own files, so `#clear` removes the host's hooks: some of them (docker-clean) would delete the
 * host's package cache. Downloads stay with this user, because apt's own cannot enter a state folder below a home.
 */
const configText = (folder: string): string => `#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
Dir::State "${folder}/state";
Dir::State::lists "${folder}/state/lists";
Dir::State::status "${folder}/status";
Dir::State::extended_states "${folder}/state/extended_states";
Dir::Cache "${folder}/cache";
Dir::Etc::sourcelist "${folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::trusted "/dev/null";
Dir::Etc::trustedparts "/dev/null";
APT::Architecture "${recipe.architecture}";
APT::Architectures "${recipe.architecture}";
APT::Sandbox::User "root";
APT::Get::AllowUnauthenticated "false";
Acquire::AllowInsecureRepositories "false";
Acquire::AllowWeakRepositories "false";
Acquire::AllowDowngradeToInsecureRepositories "false";
Acquire::Languages "none";
Acquire::ForceHash "SHA256";
Acquire::Retries "2";
`;

/** An index this young is not fetched again: runsc and the image follow one another. */
const indexAgeMsMax = 10 * 60_000;

/** Holds the sources that the index was fetched from; its time is the time of that. */
const freshFile = (folder: string) => path.join(folder, 'fetched-from');

async function isFresh(folder: string, sources: string): Promise<boolean> {
  const fetchedFrom = await readFile(freshFile(folder), 'utf8').catch(() => undefined);
  if (fetchedFrom !== sources) return false;
  const { mtimeMs } = await stat(freshFile(folder));
  return Date.now() - mtimeMs < indexAgeMsMax;
}

const exists = (file: string) =>
  stat(file).then(
    () => true,
    () => false,
  );

/**
 * Prepares the private root in `folder` with the signed index of a Debian suite (10 MB, 2 s).
 * @param suite that of the recipe, unless what is fetched has to run on this host's own libraries
 * @throws ProvisionProblem `tool_missing`, `not_debian`, `no_keyring` or `mirror_unreachable`.
 */
export async function openAptRoot(
  folder: string,
  signal?: AbortSignal,
  suite: string = recipe.debianSuite,
): Promise<AptRoot> {
  const keyring = await findKeyring();
  const mirror = await hostMirror();
  await mkdir(path.join(folder, 'state/lists/partial'), { recursive: true });
  await mkdir(path.join(folder, 'cache/archives/partial'), { recursive: true });
  const configFile = path.join(folder, 'apt.conf');
  await writeFile(path.join(folder, 'status'), '');
  const sources = sourcesList(mirror, suite, keyring);
  await writeFile(path.join(folder, 'sources.list'), sources);
  await writeFile(configFile, configText(folder));

  const root = { configFile, folder };
  if (await isFresh(folder, sources)) return root;
  const updated = await aptGet(root, ['-o', 'APT::Update::Error-Mode=any', 'update'], { signal });
  if (succeeded(updated)) {
    await writeFile(freshFile(folder), sources);
    return root;
  }
  const untrusted = /NO_PUBKEY|not signed|EXPKEYSIG/.test(updated.stderr);
  throw new ProvisionProblem(
    untrusted ? 'no_keyring' : 'mirror_unreachable',
    untrusted
      ? `The keyring of this host cannot check the signature of Debian ${suite}.`
      : `The Debian mirror that this host uses could not be read:\n${lastWords(updated)}`,
    untrusted
      ? 'Bring it up to date: apt-get install --only-upgrade debian-archive-keyring.'
      : 'Check the network, the proxy settings and the mirror in the apt configuration of this host, then try again.',
  );
}

/** Runs apt-get in the private root. */
export function aptGet(
  root: AptRoot,
  args: readonly string[],
  options: { cwd?: string; signal?: AbortSignal | undefined } = {},
): Promise<CommandResult> {
  return runCommand('apt-get', ['-q', '-c', root.configFile, ...args], {
    timeoutMs: 10 * 60_000,
    ...options,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
}

async function findKeyring(): Promise<string> {
  for (const keyring of keyrings) if (await exists(keyring)) return keyring;
  throw new ProvisionProblem(
    'no_keyring',
    "Debian's archive keyring is not on this host, so no Debian package could be checked.",
    'Install it: apt-get install debian-archive-keyring.',
  );
}

async function hostMirror() {
  const named = process.env.CAUSEWAY_DEBIAN_MIRROR;
  if (named) return { archive: named };
  const asked = await runCommand('apt-get', ['indextargets', '--format', indexTargetsFormat], {
    timeoutMs: 30_000,
  });
  if (asked.failure === 'not_found') {
    throw new ProvisionProblem(
      'tool_missing',
      'This host has no apt-get, with which the sandbox image and runsc are fetched.',
      'Use a Debian 12 or newer host, or the dev container.',
    );
  }
  return debianMirrorOf(asked.stdout);
}
