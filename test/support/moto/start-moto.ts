import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { AwsClient } from 'aws4fetch';
import { findFreePort } from '../../../cli/database/find-free-port.ts';
import { ensureMoto } from './ensure-moto.ts';

export interface MotoKey {
  readonly id: string;
  readonly secret: string;
}

/** AWS as moto plays it on loopback: it keeps what it is given, and once it has users, knows who may give it. */
export interface Moto {
  readonly origin: string;
  /** Sends a request that is signed, by the root of the account or with a key; the answer's text. */
  send(service: string, path: string, init: RequestInit, key?: MotoKey): Promise<string>;
  /** Calls an action of a service that speaks JSON, as `Logs_20140328.GetLogEvents`. */
  json(
    service: string,
    action: string,
    input: object,
    key?: MotoKey,
  ): Promise<Readonly<Record<string, unknown>>>;
  /** Makes a bucket, and tells its address. */
  makeBucket(name: string): Promise<string>;
  /** Makes a user who may do just this, and from now on believes nobody without a right signature. */
  onlyFor(allowed: readonly string[]): Promise<MotoKey>;
  stop(): Promise<void>;
}

export const REGION = 'eu-central-1';
const ROOT: MotoKey = { id: 'AKIAIOSFODNN7EXAMPLE', secret: 'root' };

export async function startMoto(): Promise<Moto> {
  const folder = await ensureMoto();
  const port = await findFreePort();
  const server = spawn('python3', ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, PYTHONPATH: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(server, 'exit');
  const origin = `http://127.0.0.1:${port}`;
  await answers(server, `${origin}/moto-api/`);

  const send: Moto['send'] = async (service, path, init, { id, secret } = ROOT) => {
    const client = new AwsClient({
      ...{ accessKeyId: id, secretAccessKey: secret, region: REGION, service, retries: 0 },
    });
    return (await client.fetch(`${origin}${path}`, init)).text();
  };
  const iam = (action: string, fields: Readonly<Record<string, string>>) => {
    const body = new URLSearchParams({ Action: action, Version: '2010-05-08', ...fields }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return send('iam', '/', { method: 'POST', headers, body });
  };
  return {
    origin,
    send,
    async json(service, action, input, key) {
      const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': action };
      const said = await send(service, '/', { method: 'POST', headers, body: JSON.stringify(input) }, key);
      return JSON.parse(said === '' ? '{}' : said) as Record<string, unknown>;
    },
    async makeBucket(name) {
      const body = `<CreateBucketConfiguration><LocationConstraint>${REGION}</LocationConstraint></CreateBucketConfiguration>`;
      await send('s3', `/${name}`, { method: 'PUT', body });
      return `${origin}/${name}`;
    },
    async onlyFor(allowed) {
      const user = { UserName: 'causeway' };
      const statement = { Effect: 'Allow', Action: allowed, Resource: '*' };
      const policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
      await iam('CreateUser', user);
      await iam('PutUserPolicy', { ...user, PolicyName: 'allowed', PolicyDocument: policy });
      const made = await iam('CreateAccessKey', user);
      const field = (name: string) => new RegExp(`<${name}>([^<]+)<`).exec(made)?.[1] ?? '';
      await fetch(`${origin}/moto-api/reset-auth`, { method: 'POST', body: '0' });
      return { id: field('AccessKeyId'), secret: field('SecretAccessKey') };
    },
    async stop() {
      server.kill('SIGKILL');
      await ended;
    },
  };
}

const TRIES = 600;
const BETWEEN_MS = 100;

async function answers(server: ChildProcess, url: string): Promise<void> {
  let said = '';
  server.stderr?.on('data', (chunk) => {
    said = `${said}${chunk}`.slice(-2000);
  });
  for (let tries = 0; tries < TRIES && server.exitCode === null; tries++) {
    const answer = await fetch(url).catch(() => null);
    await answer?.body?.cancel();
    if (answer !== null) return;
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
  }
  server.kill('SIGKILL');
  throw new Error(`moto does not answer: ${said}`);
}
