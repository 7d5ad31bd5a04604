import { describe, expect, it } from 'vitest';
import { enginesToTry, KERNEL_AS_BOUNDARY } from '../../../executor/choose-engine.ts';

describe('the engines that an executor tries', () => {
  it.each([
    ['auto', false, ['gvisor', 'docker-runsc']],
    ['auto', true, ['gvisor', 'docker-runsc', 'docker-runc']],
    ['gvisor', true, ['gvisor']],
    ['docker-runsc', false, ['docker-runsc']],
    ['docker-runc', true, ['docker-runc']],
  ] as const)('for %s, the kernel accepted: %s', (choice, accepts, engines) => {
    expect(enginesToTry(choice, accepts)).toEqual({ ok: true, engines });
  });

  it('are none where runc is named and its risk is not', () => {
    expect(enginesToTry('docker-runc', false)).toEqual({ ok: false, reason: KERNEL_AS_BOUNDARY });
    expect(KERNEL_AS_BOUNDARY).toContain('--accept-kernel-as-boundary');
  });
});
