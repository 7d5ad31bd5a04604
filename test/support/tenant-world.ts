import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { asOperator } from '../../cli/database/operator.ts';
import { hashSecret } from '../../cli/identity/hash-secret.ts';
import type { UserId } from '../../protocol/ids.ts';
import { causeway as run } from './causeway.ts';
import { type Modeller, settleModeller } from './model-project.ts';
import { queryAs } from './query-as.ts';
import type { TestStack } from './stack.ts';
import { type Account, PASSWORD, settleAccount } from './visitor.ts';

/** `./causeway` on the database of a stack, as its operator calls it: all that it printed, and what it ended with. */
export async function causeway(stack: TestStack, ...args: readonly string[]) {
  const { code, stdout, stderr } = await run(args, { DATABASE_OWNER_URL: stack.ownerUrl });
  return { code, out: code === 0 ? stdout : stdout + stderr };
}

/** A model that leaves an output and a log, and does not end where `n` is 0. */
const CODE = `import causeway
n = causeway.parameters["n"]
open("/outputs/table.csv", "w").write("n\\n%d\\n" % n)
print("canary of the log", n)
while n == 0: pass
`;

/** Ann owns Acme and belongs to nothing else; Bob owns another team and is an admin of Acme; Mallory owns a third. */
export interface Acme {
  readonly ann: Modeller & { readonly email: string };
  readonly bob: Account;
  readonly mallory: Account;
}

/** Acme with a project of some commits, data, and a run with an output. */
export async function settleAcme(stack: TestStack): Promise<Acme> {
  const modeller = await settleModeller(stack, 'Ann', CODE);
  const { project, tenant, user, call } = modeller;
  const [row] = await queryAs(stack.superuserUrl, 'select email from app.users where user_id = $1', [user]);
  const [bob, mallory] = [
    await settleAccount(stack, { name: 'Bob' }),
    await settleAccount(stack, { name: 'Mallory' }),
  ];
  await asOperator(stack.ownerUrl, async (operator) => {
    await operator.setPassword(user as UserId, await hashSecret(PASSWORD));
    await operator.provisionTenant({
      ...{ tenant, tenantName: 'Acme', user: bob.user, email: bob.email },
      ...{ userName: 'Bob', role: 'admin' },
    });
  });
  const write = async (message: string, files: readonly Record<string, unknown>[]) => {
    const { error } = await call('write_files', { project, files, message });
    if (error !== null) throw new Error(JSON.stringify(error));
  };
  await write('Umlauts, "quotes" and a blank\n\nin two paragraphs', [
    { path: 'ünï cödé/a "b" c.txt', content: 'é\n' },
    { path: 'folder', content: 'a file first' },
  ]);
  await write('A file goes', [{ path: 'folder', delete: true }]);
  await write('A folder where a file was', [
    { path: 'folder/inside.txt', content: 'x' },
    ...Array.from({ length: 5 }, (_, n) => ({ path: `big/${n}.txt`, content: `${n}`.repeat(900_000) })),
  ]);
  const text = 'day,eur\n2026-01-01,canary-1.5\n';
  await call('import_data', { project, name: 'sales', format: 'csv', text });
  const run = await modeller.runModel(1, { wait_seconds: 45 });
  if (run.structured.state !== 'succeeded') throw new Error(JSON.stringify(run));
  return { ann: { ...modeller, email: row?.email as string }, bob, mallory };
}

/** An archive's files, in a folder beside it. */
export function unpacked(file: string): string {
  const folder = `${file}.unpacked`;
  mkdirSync(folder, { recursive: true });
  execFileSync('tar', ['-xf', file, '-C', folder]);
  return folder;
}

/** The files of a folder, one behind the other. */
export function joined(folder: string): Buffer {
  const names = readdirSync(folder).sort();
  return Buffer.concat(names.map((name) => readFileSync(join(folder, name))));
}
