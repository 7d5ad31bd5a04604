import { type Expected, REFUSED } from '../expected.ts';

export const PRIVILEGES: Readonly<Record<string, Expected>> = {
  become_root: REFUSED,
  capabilities: REFUSED,
  cgroup_release_agent: REFUSED,
  clocks: REFUSED,
  devices: REFUSED,
  immutable_and_quota: REFUSED,
  mount: REFUSED,
  namespaces_of_others: REFUSED,
  other_abi: REFUSED,
  overwrite_runtime: REFUSED,
  personality: REFUSED,
  priorities: REFUSED,
  raise_limits: REFUSED,
  seccomp_loosen: REFUSED,
  setuid_files: REFUSED,
  sysctl: REFUSED,
  unshare: REFUSED,
  writable_places: REFUSED,
  write_everywhere: REFUSED,
  xattrs: REFUSED,
};
