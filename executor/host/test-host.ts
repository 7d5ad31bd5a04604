import { chosenOf, selfTestJson, selfTestText } from '../self-test.ts';
import type { HostOptions } from './commands.ts';
import { findInstalled } from './installed.ts';
import { selfTestBeside } from './join.ts';

/** `self-test`: the probe under the engine of the settings. */
export async function testHost(options: HostOptions): Promise<void> {
  const { layout, config } = await findInstalled(options);
  const tested = await selfTestBeside(layout, config);
  process.stdout.write(`${options.json ? selfTestJson(tested) : selfTestText(tested)}\n`);
  if (chosenOf(tested)?.report?.ok !== true) process.exitCode = 1;
}
