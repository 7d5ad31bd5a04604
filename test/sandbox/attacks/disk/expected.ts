import { type Expected, hits, REFUSED } from '../expected.ts';

const OUTPUTS_FULL = hits('output_limit', 'run_outputs_bytes');
const OUTPUTS_MANY = hits('output_limit', 'run_outputs_inodes');

export const DISK: Readonly<Record<string, Expected>> = {
  attributes: { says: [/^kept: 0$/m] },
  descriptors: {},
  descriptors_of_children: {},
  file_bomb: OUTPUTS_FULL,
  folder_bomb: OUTPUTS_MANY,
  hard_link_bomb: { ...OUTPUTS_MANY, outputs: [] },
  inode_bomb: OUTPUTS_MANY,
  locks: {},
  long_paths: {},
  many_files_bomb: OUTPUTS_FULL,
  // The bytes are given back when the program ends, which may be before we look.
  removed_but_open: { ends: ['output_limit', 'failed'], outputs: [] },
  rename_storm: {},
  reserve: REFUSED,
  symlink_bomb: { ...OUTPUTS_MANY, outputs: [] },
  sync_storm: {},
  tmp_bomb: hits('output_limit', 'run_tmp_bytes'),
  tmp_inode_bomb: hits('output_limit', 'run_tmp_inodes'),
  watches: {},
};
