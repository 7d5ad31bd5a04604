import { request } from 'node:http';
import { abstractName } from '../../cli/stack/abstract-name.ts';
import type { TestStack } from './stack.ts';

/** Fires the Worker's cron, as the launcher does once a minute; the status says how it went. */
export function fireCron(stack: TestStack): Promise<number> {
  return new Promise((resolve, reject) => {
    const socketPath = `\0${abstractName('cron', stack.stateDir)}`;
    const asked = request({ socketPath, path: '/' }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    asked.on('error', reject);
    asked.end();
  });
}
