import { expect, test } from 'vitest';
import { createCleanupStack } from '../../../cli/stack/cleanup.ts';

test('what was acquired last is released first, once', async () => {
  const released: string[] = [];
  const cleanup = createCleanupStack();
  await cleanup.defer(() => void released.push('postgres'));
  await cleanup.defer(() => void released.push('worker'));
  await Promise.all([cleanup.run(), cleanup.run()]);
  expect(released).toEqual(['worker', 'postgres']);
});

test('a release that fails keeps no other from being tried, and is reported', async () => {
  const released: string[] = [];
  const cleanup = createCleanupStack();
  await cleanup.defer(() => void released.push('postgres'));
  await cleanup.defer(() => Promise.reject(new Error('umount: busy')));
  await expect(cleanup.run()).rejects.toThrow('not everything could be released');
  expect(released).toEqual(['postgres']);
});

test('what is acquired after the end has begun is released at once', async () => {
  const released: string[] = [];
  const cleanup = createCleanupStack();
  await cleanup.run();
  await cleanup.defer(() => void released.push('late executor'));
  expect(released).toEqual(['late executor']);
});
