import { cancelReply, runReply } from '../replies.ts';
import type { DemoStep } from '../step.ts';

const TURNS_MIN = 3;

export const cancelLoop: DemoStep = {
  name: 'cancel_run',
  title: 'cancel_run: an endless loop, seen at work and then ended',
  async run({ agent, screen, project }) {
    const since = performance.now();
    const start = { project, path: 'endless.py', data: [], wait_seconds: 0 };
    const { run } = await agent.call('run_model', start, runReply);
    await untilTurning(agent, run, (message) => screen.live(message));
    const cancelled = await agent.call('cancel_run', { run }, cancelReply);
    const ended = await agent.call('get_run', { run, wait_seconds: 45 }, runReply);
    agent.count(ended, performance.now() - since);
    screen.say(`${run}: ${cancelled.message}`);
    if (ended.state !== 'cancelled') throw new Error(`the loop ended as ${ended.state}: ${ended.message}`);
  },
};

/** Waits in get_run until its progress notifications show that the loop turns. */
async function untilTurning(
  agent: Parameters<DemoStep['run']>[0]['agent'],
  run: string,
  show: (message: string) => void,
): Promise<void> {
  let turning: () => void = () => {};
  const turned = new Promise<void>((resolve) => {
    turning = resolve;
  });
  const waiting = agent.call('get_run', { run, wait_seconds: 45 }, runReply, ({ progress, message }) => {
    show(message ?? `${progress}`);
    if (progress >= TURNS_MIN) turning();
  });
  const ended = waiting.then(({ state, message }) => {
    throw new Error(`the loop was ${state} before it was cancelled: ${message}`);
  });
  // After the loop is cancelled, the wait that is left behind ends with it.
  ended.catch(() => {});
  await Promise.race([turned, ended]);
}
