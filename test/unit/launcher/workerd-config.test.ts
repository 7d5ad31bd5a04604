import { expect, test } from 'vitest';
import { printWorkerdConfig, type WorkerdSpec } from '../../../infra/workerd/config.ts';

const SPEC: WorkerdSpec = {
  modules: [
    { name: 'index.js', file: '../bundle/index.js', kind: 'esModule' },
    { name: 'argon2.wasm', file: '../bundle/argon2.wasm', kind: 'wasm' },
  ],
  compatibilityDate: '2026-11-01',
  compatibilityFlags: [],
  settings: ['PUBLIC_URL', 'SEAL_KEY'],
  address: '127.0.0.1:8787',
  cronSocket: 'causeway-cron-1',
  cronFile: '../cron.mjs',
  durableObjectsDir: '/state/objects',
  blobsDir: '/state/blobs',
};

test('secrets come from the environment, and the file names them alone', () => {
  expect(printWorkerdConfig(SPEC)).toContain('(name = "SEAL_KEY", fromEnvironment = "SEAL_KEY")');
});

test('the entry is the first module', () => {
  expect(printWorkerdConfig(SPEC)).toMatch(
    /modules = \[\s+\(name = "index.js", esModule = embed "..\/bundle\/index.js"\),\s+\(name = "argon2.wasm", wasm/,
  );
});

test('the global fetch reaches public addresses alone', () => {
  expect(printWorkerdConfig(SPEC)).toContain('(name = "internet", network = (allow = ["public"],');
});

test('blobs lie in a folder, or in the S3 endpoint that is named, and never in both', () => {
  expect(printWorkerdConfig(SPEC)).toContain('(name = "BLOB_DISK", service = "blobs")');
  const settings = [...SPEC.settings, 'BLOB_STORE_URL'];
  expect(printWorkerdConfig({ ...SPEC, settings })).not.toContain('"BLOB_DISK"');
});

test('a path with a quote or a backslash stays one text', () => {
  const config = printWorkerdConfig({ ...SPEC, blobsDir: '/state/"), evil = ("\\' });
  expect(config).toContain('path = "/state/\\"), evil = (\\"\\\\"');
});
