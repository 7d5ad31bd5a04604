import { execFileSync } from 'node:child_process';
import { accessSync, chownSync, constants, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * How a Postgres program is run. Postgres refuses to run as uid 0.
 *
 * - `self`: this process is an ordinary user already.
 * - `account`: root switches to the system account `postgres`.
 * - `namespace`: the account cannot reach the folder (a checkout under /root has mode 0700 above it), so root maps
 *   itself to another uid in a user namespace; files stay root's, no mode is loosened.
 */
export type PostgresAccount =
  | { readonly kind: 'self' }
  | { readonly kind: 'account'; readonly uid: number; readonly gid: number }
  | { readonly kind: 'namespace' };

const ACCOUNT_NAME = 'postgres';
const OVERFLOW_ID = 65534;

/**
 * Chooses the account for programs in `binaryFolder` and a cluster in `dataFolder`; creates it when root has none.
 * A cluster stays with the account that made it.
 */
export function choosePostgresAccount(binaryFolder: string, dataFolder: string): PostgresAccount {
  if (process.getuid?.() !== 0) return { kind: 'self' };
  const owner = statSync(dataFolder, { throwIfNoEntry: false })?.uid;
  if (owner === 0) return { kind: 'namespace' };
  if (!isReachableByOthers(binaryFolder) || !isReachableByOthers(dirname(dataFolder)))
    return { kind: 'namespace' };
  const found = readAccount() ?? createAccount();
  return found ? { kind: 'account', ...found } : { kind: 'namespace' };
}

/** Gives a folder that root made to the account that will own what lies in it. */
export function giveFolder(account: PostgresAccount, folder: string): void {
  if (account.kind === 'account') chownSync(folder, account.uid, account.gid);
}

/**
 * The command line that runs `program` under the account, and with `endWithParent` ends it (SIGINT, Postgres' fast
 * shutdown) when this process dies, however it dies. The process id is the program's own in every case.
 */
export function asPostgresAccount(
  account: PostgresAccount,
  program: string,
  args: readonly string[],
  endWithParent: boolean,
): readonly [string, readonly string[]] {
  const death = endWithParent ? ['--pdeathsig', 'INT'] : [];
  switch (account.kind) {
    case 'self':
      return death.length > 0 && exists('/usr/bin/setpriv')
        ? ['/usr/bin/setpriv', [...death, program, ...args]]
        : [program, args];
    case 'account':
      return [
        'setpriv',
        [
          `--reuid=${account.uid}`,
          `--regid=${account.gid}`,
          '--clear-groups',
          ...death,
          '--no-new-privs',
          program,
          ...args,
        ],
      ];
    case 'namespace': {
      const map = ['--user', `--map-user=${OVERFLOW_ID}`, `--map-group=${OVERFLOW_ID}`];
      return ['unshare', [...map, 'setpriv', ...death, '--no-new-privs', program, ...args]];
    }
  }
}

function isReachableByOthers(folder: string): boolean {
  for (let current = folder; ; current = dirname(current)) {
    if ((statSync(current).mode & 0o001) === 0) return false;
    if (current === dirname(current)) return true;
  }
}

function readAccount(): { uid: number; gid: number } | null {
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith(`${ACCOUNT_NAME}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  return uid && gid ? { uid: Number(uid), gid: Number(gid) } : null;
}

function createAccount(): { uid: number; gid: number } | null {
  try {
    const flags = ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin'];
    execFileSync('useradd', [...flags, ACCOUNT_NAME], { stdio: 'ignore' });
    return readAccount();
  } catch {
    return null;
  }
}

function exists(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
