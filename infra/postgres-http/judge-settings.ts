import { type FileFacts, judgeSecretFile } from '../../protocol/judge-file.ts';
import { isLoopbackHost } from '../../protocol/loopback.ts';

export interface GivenSettings {
  readonly listenHost: string;
  readonly upstreamHost: string;
  /** Whether it ends TLS itself, or something on this machine or its private network does. */
  readonly serving: 'tls' | 'behind_tls' | 'plain';
  readonly isUpstreamTls: boolean;
  readonly keyFile: { readonly path: string; readonly facts: FileFacts | null } | null;
  readonly ownUid: number;
}

/** Why this server must not start, all at once, each with its remedy. Passwords travel to it and from it. Pure. */
export function judgeSettings(given: GivenSettings): readonly string[] {
  const { listenHost, upstreamHost, serving, isUpstreamTls, keyFile, ownUid } = given;
  return [
    ...(serving === 'plain' && !isLoopbackHost(listenHost)
      ? [
          `--listen ${listenHost} would serve plain HTTP to other machines: give it --tls-cert and --tls-key, or say --behind-tls where something in front of it ends TLS`,
        ]
      : []),
    ...(!isUpstreamTls && !isLoopbackHost(upstreamHost)
      ? [
          `--upstream ${upstreamHost} is another machine and would be reached without TLS: say --upstream-tls, and --upstream-ca FILE where its authority is your own`,
        ]
      : []),
    ...(keyFile === null ? [] : judgeSecretFile(keyFile.path, keyFile.facts, ownUid)),
  ];
}
