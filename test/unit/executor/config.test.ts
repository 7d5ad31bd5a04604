import { describe, expect, it } from 'vitest';
import { readConfig } from '../../../executor/config.ts';
import { buildDate } from '../../../executor/sandbox/gvisor.ts';

describe('the command line of an executor', () => {
  it('has defaults that a laptop can bear', () => {
    expect(readConfig(['--url', 'https://causeway.example/', '--state', '/s/executor'])).toMatchObject({
      url: 'https://causeway.example',
      stateDir: '/s/executor',
      cacheDir: '/s/cache',
      slots: 2,
      joinTokenFile: null,
      keyDaysMax: 400,
      platform: 'systrap',
    });
  });

  it('never chooses kvm by itself', () => {
    expect(readConfig(['--self-test']).platform).toBe('systrap');
    expect(readConfig(['--self-test', '--platform', 'kvm']).platform).toBe('kvm');
  });
});

describe('the date of a runsc build', () => {
  it.each([
    ['0.0~20240729.0', 20240729],
    ['release-20221205.0', 20221205],
    ['unknown', null],
  ])('%s', (version, expected) => {
    expect(buildDate(version)).toBe(expected);
  });
});
