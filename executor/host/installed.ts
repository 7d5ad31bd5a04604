import { type Config, readConfig } from '../config.ts';
import { exists } from './exists.ts';
import { HostProblem } from './host-problem.ts';
import { type Layout, layoutUnder } from './layout.ts';

export interface Installed {
  readonly layout: Layout;
  readonly config: Config;
}

/** The executor that a join has installed on this host. Its state is root's alone. */
export async function findInstalled({ prefix }: { readonly prefix: string }): Promise<Installed> {
  const layout = layoutUnder(prefix);
  if (process.getuid?.() !== 0)
    throw new HostProblem({
      what: 'The executor of this host cannot be asked.',
      why: 'only root may see its state',
      remedy: 'start the command with sudo',
    });
  if (!(await exists(layout.settingsFile)))
    throw new HostProblem({
      what: 'No executor is installed on this host.',
      why: `there is no ${layout.settingsFile}`,
      remedy: 'install one: join --url URL --token-file FILE; for one elsewhere see ./causeway executor list',
    });
  return { layout, config: readConfig(['--config', layout.settingsFile]) };
}
