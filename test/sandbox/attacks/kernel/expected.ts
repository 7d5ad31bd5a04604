import { type Expected, REFUSED } from '../expected.ts';

export const KERNEL: Readonly<Record<string, Expected>> = {
  bpf: REFUSED,
  dirty_cow: REFUSED,
  dirty_pipe: REFUSED,
  file_handles: REFUSED,
  io_uring: REFUSED,
  kernel_interfaces: REFUSED,
  keyring: REFUSED,
  mount_by_new_calls: REFUSED,
  old_calls: REFUSED,
  other_processes: REFUSED,
  perf: REFUSED,
  ptrace: REFUSED,
  userfaultfd: REFUSED,
  watch_everything: REFUSED,
};
