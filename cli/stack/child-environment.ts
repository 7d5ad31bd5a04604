/** No tool reports anything, looks anything up, or asks anything. */
const QUIET = {
  WRANGLER_SEND_METRICS: 'false',
  WRANGLER_SEND_ERROR_REPORTS: 'false',
  WRANGLER_HIDE_BANNER: 'true',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  DO_NOT_TRACK: '1',
  NO_UPDATE_NOTIFIER: '1',
  NO_COLOR: '1',
  FORCE_COLOR: '0',
  CI: '1',
};

/**
 * The environment of a part: a path, a home, and what is named here. Nothing of the launcher's own environment gets in
 * but where compiled code is kept and what package clients need to reach their registries (proxies, their configuration files).
 */
export function childEnvironment(
  homeDir: string,
  extra: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: homeDir,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    ...compiledCode(),
    ...QUIET,
    ...extra,
  };
}

/** Parts in Node start from what an earlier start compiled (decision 0250). */
function compiledCode(): Record<string, string> {
  const { NODE_COMPILE_CACHE: folder } = process.env;
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: folder };
}
