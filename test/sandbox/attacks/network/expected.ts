import { type Expected, REFUSED } from '../expected.ts';

/** Whatever is sent, no listener of the host hears of it. */
export const NETWORK: Readonly<Record<string, Expected>> = {
  abstract_unix: REFUSED,
  descriptors_over_pipes: REFUSED,
  dns: REFUSED,
  families: REFUSED,
  host_sockets: REFUSED,
  interfaces: REFUSED,
  ipv6: REFUSED,
  libraries: REFUSED,
  loopback_flood: {},
  metadata_address: REFUSED,
  multicast: REFUSED,
  netlink: REFUSED,
  raw_sockets: REFUSED,
  socket_options: {},
  tcp: REFUSED,
  udp: {},
  vsock: REFUSED,
};
