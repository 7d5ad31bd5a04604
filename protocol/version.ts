/**
 * The version of the contract between worker and executor. It is raised when a message changes its meaning;
 * a pool accepts its own version and the one before, so that a fleet can be updated a host at a time.
 */
export const PROTOCOL_VERSION = 1;
export const PROTOCOL_VERSION_MIN = 1;
