import { type Expected, hits, REFUSED } from '../expected.ts';

const BOMB = hits('out_of_memory', 'run_memory_bytes');

export const MEMORY: Readonly<Record<string, Expected>> = {
  address_space: { ...BOMB, message: /^Ran out of memory at line 1 of main\.py/ },
  dev_shm_bomb: {
    ...hits('output_limit', 'run_shared_memory_bytes'),
    message: /^\/dev\/shm is full at line 4 of main\.py: it takes 32 MiB\.$/,
  },
  growing_text: BOMB,
  locked: REFUSED,
  many_mappings: { ends: ['succeeded', 'out_of_memory'] },
  memory_bomb: BOMB,
  memory_in_child: BOMB,
  pipe_bomb: { ends: ['succeeded', 'out_of_memory'] },
  posix_queues: {},
  shared_mapping_bomb: BOMB,
  shared_memory_bomb: BOMB,
  socket_buffers: { ends: ['succeeded', 'out_of_memory'] },
  system_v: { ends: ['succeeded', 'out_of_memory'] },
  system_v_queues: { ends: ['succeeded', 'out_of_memory'] },
  thread_stacks: hits('process_limit', 'run_processes'),
  zip_bomb: BOMB,
};
