import { DEFAULT_RUN_LIMITS } from '../../../support/make-job.ts';
import { type Expected, hits } from '../expected.ts';

const SYMBOLIC = 'it is a symbolic link';
const HARD = 'it is a hard link';
const DECEIVING = 'its name has characters that are not shown as themselves';

const LINKS: Expected = {
  never: [/GOT THROUGH (named pipe|device|link to the project)/],
  outputs: ['kept.txt'],
  refusedOutputs: {
    'alias.txt': SYMBOLIC,
    'environ.txt': SYMBOLIC,
    'first.txt': HARD,
    'host.txt': SYMBOLIC,
    'passwd.txt': SYMBOLIC,
    root: SYMBOLIC,
    'second.txt': HARD,
    'shadow.txt': SYMBOLIC,
  },
};

/** Whatever lies in /outputs, only its own regular files leave it, under names that say what they are. */
export const OUTPUTS: Readonly<Record<string, Expected>> = {
  deep: {
    limit: 'run_outputs_inodes',
    outputs: ['d/d/d/d/d/d/d/file.txt', 'd/d/d/d/file.txt', 'd/file.txt'],
    refusedOutputs: { 'd/d/d/d/d/d/d/d': 'folders deeper than 8 are not kept' },
  },
  grow_while_read: { limit: 'any' },
  link_loops: {
    outputs: ['folder/kept.txt'],
    refusedOutputs: Object.fromEntries(
      ['a', 'b', 'folder/again', 'here', 'loop', 'up'].map((name) => [name, SYMBOLIC]),
    ),
  },
  // gVisor keeps a socket to itself; under runc it lies in the folder.
  links: {
    ...LINKS,
    under: {
      'docker-runc': { ...LINKS, refusedOutputs: { ...LINKS.refusedOutputs, socket: 'it is a socket' } },
    },
  },
  long_names: {},
  many: {
    ...hits('output_limit', 'run_harvest_files'),
    outputs: Array.from({ length: 256 }, (_, index) => `${String(index).padStart(4, '0')}.txt`),
  },
  modes: { outputs: ['closed/in.txt', 'none.txt', 'setuid.txt', 'sticky.txt'] },
  names: {
    outputs: ['-rf', '..hidden.csv', 'café.csv', 'n'.repeat(255)],
    refusedOutputs: {
      ' space.csv': 'its name begins or ends with a space',
      'back\\x5cslash.csv': DECEIVING,
      'escape\\x1b[31m.csv': DECEIVING,
      'new\\x0aline.csv': DECEIVING,
      'rtl\\xe2\\x80\\xaegnp.csv': DECEIVING,
      'zero\\xe2\\x80\\x8bwidth.csv': DECEIVING,
      '\\xff\\xfe.csv': 'its name is not UTF-8',
    },
  },
  new_while_read: {},
  poisoned_code: {},
  replace_folder: { refused: true },
  shell_names: {
    refusedOutputs: {
      'cr\\x0d.csv': DECEIVING,
      'tab\\x09.csv': DECEIVING,
      'x\\xe2\\x80\\xa8y.csv': DECEIVING,
      '\\xe2\\x80\\x8dx.csv': DECEIVING,
      '\\xef\\xbb\\xbf.csv': DECEIVING,
    },
  },
  sparse: {
    ...hits('output_limit', 'run_harvest_bytes'),
    limits: { outputs_bytes: DEFAULT_RUN_LIMITS.outputs_bytes },
    outputs: ['huge.bin', 'small.txt', 'sparse.bin'],
    refusedOutputs: { 'sparse2.bin': 'it does not fit into what is kept of a run' },
  },
  swap_folder: {},
  swap_hard_link: {},
  swap_link: {},
  times: { outputs: ['future.txt', 'past.txt', 'zero.txt'] },
  web_page: {},
  zip_bomb: { outputs: ['bomb.zip'] },
};
