import { describe, expect, test } from 'vitest';
import { launchUp, leftoversOf, pressCtrlC, untilNothingIsLeft } from '../support/launcher.ts';

describe('whatever ends up, nothing is left behind', () => {
  test('one Ctrl-C ends all parts, and is a success', async () => {
    const up = await launchUp();
    await up.ready;
    const owned = leftoversOf(up.stateDir).join('\n');
    for (const kind of [/^process/m, /^mount/m, /^control group/m]) expect(owned).toMatch(kind);
    pressCtrlC(up);
    expect(await up.ended).toEqual({ code: 0, signal: null });
    expect(leftoversOf(up.stateDir)).toEqual([]);
  });

  test('SIGTERM ends all parts', async () => {
    const up = await launchUp();
    await up.ready;
    up.process.kill('SIGTERM');
    expect(await up.ended).toEqual({ code: 0, signal: null });
    expect(leftoversOf(up.stateDir)).toEqual([]);
  });

  test('Ctrl-C during the start ends what was started', async () => {
    const up = await launchUp();
    await up.outputMatching(/Database/);
    pressCtrlC(up);
    expect(await up.ended).toEqual({ code: 130, signal: null });
    expect(leftoversOf(up.stateDir)).toEqual([]);
  });

  test.each([
    ['postgres', 0],
    ['postgres-http', 0],
    ['worker', 1],
    ['executor', 1],
  ])('a killed %s ends all other parts, and is named with what to do', async (part, slots) => {
    const up = await launchUp({ slots });
    const { pids } = await up.ready;
    process.kill(pids[part] ?? Number.NaN, 'SIGKILL');
    expect(await up.ended).toEqual({ code: 1, signal: null });
    expect(up.output()).toContain(`${part} ended by itself`);
    expect(up.output()).toMatch(/why {2}ended by SIGKILL[\s\S]*do {3}\S/);
    expect(leftoversOf(up.stateDir)).toEqual([]);
  });

  test('a killed launcher takes all parts with it', async () => {
    const up = await launchUp();
    const { pids } = await up.ready;
    process.kill(pids.launcher ?? Number.NaN, 'SIGKILL');
    await up.ended;
    expect(await untilNothingIsLeft(up.stateDir)).toEqual([]);
  });
});
