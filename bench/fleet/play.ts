import { registerPlatform } from '../../simulator/register-platform.ts';
import { SCENARIOS } from './scenarios.ts';

/** Plays one scenario, named by the first argument, for as many virtual seconds as the second says, and prints what it came to. */
registerPlatform();
const { playScenario } = await import('./play-scenario.ts');

const [name, seconds] = process.argv.slice(2);
const scenario = SCENARIOS.find((candidate) => candidate.name === name);
if (scenario === undefined) throw new Error(`no scenario ${name}`);
const played = await playScenario(
  seconds === undefined ? scenario : { ...scenario, seconds: Number(seconds) },
);
process.stdout.write(`${JSON.stringify(played)}\n`);
process.exit(0);
