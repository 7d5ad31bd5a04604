import { type Expected, REFUSED } from '../expected.ts';

export const HOST: Readonly<Record<string, Expected>> = {
  environment_of_all: REFUSED,
  host_file: REFUSED,
  kernel_memory: REFUSED,
  leaked_descriptors: REFUSED,
  list_devices: REFUSED,
  look_around: { says: [/CapEff:\t0{16}/, /"CAUSEWAY_SEED": "0"/, /^\['1'\]$/m] },
  read_all_proc: {},
  search_own_memory: REFUSED,
};
