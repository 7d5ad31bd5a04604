import { readdir, stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { ProvisionProblem } from '../problem.ts';
import { recipe } from '../recipe.ts';
import { lastWords, succeeded } from '../run-command.ts';
import { runInside } from './run-inside.ts';

/**
 * One process compiles one of these folders from its first file to its last. Which strings are shared, and so the bytes of a
 * .pyc, depends on what the process compiled before: a fixed split gives fixed bytes on any number of cores.
 * `unchecked-hash`: an import never looks at the source's time, and the root is read-only anyway.
 */
const program = `
import compileall, py_compile, sys
mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
for folder in sys.argv[1:]:
    compileall.compile_dir(folder, maxlevels=0 if folder.endswith('dist-packages') else 30, quiet=2, force=True, invalidation_mode=mode)
`;

/** Compiles every module of the image with its own Python. A file that is no valid Python 3 stays uncompiled, as pip leaves it. */
export async function compileBytecode(
  root: string,
  onCompiled: (done: number, total: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const folders = await compilationUnits(root);
  const queue = [...folders];
  let done = 0;
  const work = async () => {
    for (let folder = queue.shift(); folder; folder = queue.shift()) {
      const result = await runInside(root, ['-B', '-S', '-c', program, folder], {
        timeoutMs: 300_000,
        signal,
      });
      if (!succeeded(result)) {
        throw new ProvisionProblem(
          'build_step_failed',
          `${folder} could not be compiled inside the image:\n${lastWords(result)}`,
          'The build needs root, or user namespaces (unshare --map-root-user), and the chroot program.',
        );
      }
      onCompiled(++done, folders.length);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}

/** Folders of which each is compiled by a process of its own, large ones first so that the last one to end is short. */
async function compilationUnits(root: string): Promise<string[]> {
  const units: { folder: string; weight: number }[] = [
    { folder: recipe.paths.stdlib, weight: Number.POSITIVE_INFINITY },
  ];
  for (const packages of [recipe.paths.wheels, recipe.paths.debianPackages]) {
    const entries = await readdir(path.join(root, packages), { withFileTypes: true }).catch(() => []);
    if (entries.length > 0) units.push({ folder: packages, weight: 0 });
    for (const entry of entries) {
      if (!entry.isDirectory() || /\.(?:dist-info|egg-info|libs)$/.test(entry.name)) continue;
      const folder = `${packages}/${entry.name}`;
      units.push({ folder, weight: await pythonFiles(path.join(root, folder)) });
    }
  }
  return units.sort((a, b) => b.weight - a.weight).map((unit) => unit.folder);
}

async function pythonFiles(folder: string): Promise<number> {
  if (!(await stat(folder)).isDirectory()) return 0;
  return (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.py')).length;
}
