import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { ModuleKind } from './config.ts';

export interface Bundle {
  /** Holds the modules; named by what they were made of. */
  readonly dir: string;
  /** File names in `dir`, the entry first. */
  readonly modules: readonly { readonly name: string; readonly kind: ModuleKind }[];
}

export interface BundleOptions {
  readonly rootDir: string;
  /** The entry that is bundled, as a path in the repository. */
  readonly entry: string;
  /** Bundles made before are kept here. */
  readonly cacheDir: string;
  readonly env: Readonly<Record<string, string>>;
}

export type BundleResult =
  | { readonly ok: true; readonly bundle: Bundle }
  | { readonly ok: false; readonly output: string };

/** All that a bundle is made of: the Worker imports nothing of ours from elsewhere, which the gate checks. */
const SOURCES = ['worker', 'protocol', 'wrangler.toml', 'package-lock.json'];
const BUNDLES_KEPT = 6;
const TIMEOUT_MS = 120_000;
const ENTRY = 'index.js';

const KINDS: Readonly<Record<string, ModuleKind>> = {
  '.js': 'esModule',
  '.wasm': 'wasm',
  '.py': 'text',
  '.md': 'text',
  '.txt': 'text',
  '.html': 'text',
  '.sql': 'text',
  '.bin': 'data',
};

/**
 * The Worker as `wrangler deploy --dry-run` bundles it, so that plain workerd runs what is deployed. A bundle of the
 * same sources is made once.
 */
export async function bundleWorker(options: BundleOptions): Promise<BundleResult> {
  const dir = join(options.cacheDir, `worker-${digestOfSources(options)}`);
  const known = readBundle(dir);
  if (known) return { ok: true, bundle: known };
  mkdirSync(options.cacheDir, { recursive: true });
  const draft = mkdtempSync(join(options.cacheDir, 'draft-'));
  const { code, output } = await dryRun(options, draft);
  if (code !== 0) {
    rmSync(draft, { recursive: true, force: true });
    return { ok: false, output };
  }
  try {
    renameSync(draft, dir);
  } catch {
    // Another start made the same bundle in the meantime.
    rmSync(draft, { recursive: true, force: true });
  }
  forgetOldBundles(options.cacheDir);
  const bundle = readBundle(dir);
  if (!bundle) return { ok: false, output: `wrangler wrote no ${ENTRY}\n${output}` };
  return { ok: true, bundle };
}

function readBundle(dir: string): Bundle | null {
  let files: string[];
  try {
    files = readdirSync(dir);
  } catch {
    return null;
  }
  if (!files.includes(ENTRY)) return null;
  const modules = [ENTRY, ...files.filter((file) => file !== ENTRY).sort()].flatMap((name) => {
    const kind = KINDS[extname(name)];
    return kind === undefined ? [] : [{ name, kind }];
  });
  return { dir, modules };
}

function digestOfSources({ rootDir, entry }: BundleOptions): string {
  const hash = createHash('sha256').update(`${entry}\n`);
  const add = (path: string): void => {
    const file = join(rootDir, path);
    if (statSync(file).isDirectory()) {
      for (const entry of readdirSync(file).sort()) add(join(path, entry));
      return;
    }
    const bytes = readFileSync(file);
    hash.update(`${path}\n${bytes.length}\n`).update(bytes);
  };
  for (const path of SOURCES) add(path);
  return hash.digest('hex').slice(0, 24);
}

function dryRun(
  { rootDir, entry, env }: BundleOptions,
  outDir: string,
): Promise<{ code: number | null; output: string }> {
  const wrangler = join(rootDir, 'node_modules/wrangler/bin/wrangler.js');
  const child = spawn(process.execPath, [wrangler, 'deploy', entry, '--dry-run', '--outdir', outDir], {
    cwd: rootDir,
    env: { ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}

function forgetOldBundles(cacheDir: string): void {
  const bundles = readdirSync(cacheDir)
    .filter((name) => name.startsWith('worker-'))
    .map((name) => ({ dir: join(cacheDir, name), madeMs: statSync(join(cacheDir, name)).mtimeMs }))
    .sort((left, right) => right.madeMs - left.madeMs);
  for (const { dir } of bundles.slice(BUNDLES_KEPT)) rmSync(dir, { recursive: true, force: true });
}
