import { openRunFolder } from '../../cli/testing/run-folder.ts';

/** Every group of tests begins with it. */
export function setup(): void {
  openRunFolder();
}
