import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { type FileFacts, judgeSecretFile } from '../../protocol/judge-file.ts';
import { isLoopbackHost } from '../../protocol/loopback.ts';

/** A file that an option names, as it was read. */
export interface GivenFile {
  readonly path: string;
  readonly text: string;
  readonly facts: FileFacts;
}

export interface GivenSettings {
  /** Null where the option is no address, which is a fault of its own. */
  readonly listenHost: string | null;
  readonly upstreamHost: string | null;
  /** Whether it ends TLS itself, or something on this machine or its private network does. */
  readonly serving: 'tls' | 'behind_tls' | 'plain';
  readonly isUpstreamTls: boolean;
  /** Null where the option is absent, or its file cannot be read. */
  readonly cert: GivenFile | null;
  readonly key: GivenFile | null;
  readonly ca: GivenFile | null;
  readonly ownUid: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** Why this server must not start, all at once, each with its remedy. Passwords travel to it and from it. Pure. */
export function judgeSettings(given: GivenSettings): readonly string[] {
  const { listenHost, upstreamHost, serving, isUpstreamTls, ca, now } = given;
  return [
    ...(serving === 'plain' && listenHost !== null && !isLoopbackHost(listenHost)
      ? [
          `--listen ${listenHost} would serve plain HTTP to other machines: give it --tls-cert and --tls-key, or say --behind-tls where something in front of it ends TLS`,
        ]
      : []),
    ...(!isUpstreamTls && upstreamHost !== null && !isLoopbackHost(upstreamHost)
      ? [
          `--upstream ${upstreamHost} is another machine and would be reached without TLS: say --upstream-tls, and --upstream-ca FILE where its authority is your own`,
        ]
      : []),
    ...judgeKeyPair(given),
    ...(ca === null ? [] : judgeCertificate('--upstream-ca', ca, now)),
  ];
}

function judgeKeyPair({ cert, key, ownUid, now }: GivenSettings): readonly string[] {
  const privateKey = key === null ? null : keyOf(key.text);
  const certificate = cert === null ? null : certificateOf(cert.text);
  return [
    ...(cert === null ? [] : judgeCertificate('--tls-cert', cert, now)),
    ...(key === null ? [] : judgeSecretFile(key.path, key.facts, ownUid)),
    ...(key !== null && privateKey === null
      ? [
          `--tls-key ${key.path} is no private key in PEM without a passphrase: name the one of the certificate`,
        ]
      : []),
    ...(cert !== null && key !== null && certificate && privateKey && !certificate.checkPrivateKey(privateKey)
      ? [`--tls-key ${key.path} is not the key of ${cert.path}: name the two that belong together`]
      : []),
  ];
}

function judgeCertificate(option: string, { path, text }: GivenFile, now: number): readonly string[] {
  const certificate = certificateOf(text);
  if (certificate === null)
    return [`${option} ${path} is no certificate in PEM: name a file that begins with BEGIN CERTIFICATE`];
  const ended = new Date(certificate.validTo);
  return ended.getTime() > now
    ? []
    : [`${option} ${path} ended at ${ended.toISOString()}: renew it, and start again`];
}

function certificateOf(text: string): X509Certificate | null {
  try {
    return new X509Certificate(text);
  } catch {
    return null;
  }
}

function keyOf(text: string): KeyObject | null {
  try {
    return createPrivateKey(text);
  } catch {
    return null;
  }
}
