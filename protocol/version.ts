/**
 * The version of the contract between worker and executor. It is raised when a message changes its meaning or one comes
 * that the other side may not know; a pool accepts its own version and the one before, so that a fleet can be updated a
 * host at a time, the deployment first.
 *
 * 2: an executor says that it drains.
 * 3: it says the first output of a run that someone follows.
 */
export const PROTOCOL_VERSION = 3;
const PROTOCOL_VERSION_MIN = PROTOCOL_VERSION - 1;

/** Why a pool does not serve an executor that speaks `version`, in words that name what to update; null where it does. */
export function refuseVersion(version: number): string | null {
  if (version < PROTOCOL_VERSION_MIN)
    return `update this executor: it speaks protocol ${version}, the deployment ${PROTOCOL_VERSION_MIN} to ${PROTOCOL_VERSION}`;
  if (version > PROTOCOL_VERSION)
    return `update the deployment first: this executor speaks protocol ${version}, it ${PROTOCOL_VERSION}`;
  return null;
}
