/** How long what the authorization server gives out lives, in seconds. The database sets those of codes (60) and grants (180 days). */
export const LIFETIMES = {
  /** A refresh token that is not used; each use starts it anew, up to the end of the grant. */
  refresh: 30 * 86_400,
  /** A registration that nobody has used yet. */
  registration: 30 * 86_400,
  /** A person types the code of a device within this time. */
  device: 600,
  /** A consent page waits for its answer. */
  consent: 600,
} as const;

/** A spent refresh token is answered with its successor again for so long: twins of one client race. */
export const REFRESH_GRACE_SECONDS = 30;
/** And only while its family has not moved on further than this. */
export const REFRESH_GRACE_GENERATIONS = 2;
/** RFC 8628, section 3.2: a device polls no more often than this at first. */
export const DEVICE_INTERVAL_SECONDS = 5;
