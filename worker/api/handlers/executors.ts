import {
  cordonOwn,
  createOwnJoinToken,
  createOwnPool,
  placeOwn,
  revokeOwn,
  showOwnFleet,
} from '../../runs/own-fleet.ts';
import type { Handlers } from '../handler.ts';
import type { EXECUTOR_ROUTES } from '../routes/executors.ts';

export const executorHandlers: Handlers<keyof typeof EXECUTOR_ROUTES> = {
  async listExecutors(_input, { platform, principal }) {
    const { pools, executors, ...where } = await showOwnFleet(platform, principal);
    return { ...where, pools: [...pools], executors: [...executors] };
  },

  async createPool({ body }, { platform, principal }) {
    return { pool: await createOwnPool(platform, principal, body.name), name: body.name };
  },

  createJoinToken: ({ params }, { platform, principal }) =>
    createOwnJoinToken(platform, principal, params.pool),

  async changeExecutor({ params, body }, { platform, principal }) {
    const held = await cordonOwn(platform, principal, { ...params, ...body });
    return { executor: params.executor, cordoned: body.cordoned, held };
  },

  async revokeExecutor({ params }, { platform, principal }) {
    await revokeOwn(platform, principal, params.executor);
  },

  async placeTenant({ body }, { platform, principal }) {
    const { placement = null, own_hosts_only = null } = body;
    await placeOwn(platform, principal, { project: null, placement, ownHostsOnly: own_hosts_only });
  },

  async placeProject({ params, body }, { platform, principal }) {
    await placeOwn(platform, principal, { project: params.project, placement: body, ownHostsOnly: null });
  },
};
