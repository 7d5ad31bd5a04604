import { importJWK, type JWK, jwtVerify } from 'jose';
import { verifyArgon2id } from '../../../worker/identity/verify-argon2id.ts';

interface BareEnv {
  /** The public key of the benchmark's access tokens, as JSON. */
  readonly JWK: string;
  readonly ISSUER: string;
  readonly AUDIENCE: string;
  /** A PHC string of argon2id, and what it was made of. */
  readonly HASH: string;
  readonly SECRET: string;
}

let key: ReturnType<typeof importJWK> | undefined;

/** What identity cannot do without, each alone: a signature verified by jose, a password verified by argon2id. */
export default {
  async fetch(request, env) {
    switch (new URL(request.url).pathname) {
      case '/hello':
        return new Response('hello');
      case '/signature': {
        key ??= importJWK(JSON.parse(env.JWK) as JWK, 'ES256');
        const token = request.headers.get('authorization')?.slice('Bearer '.length) ?? '';
        const { payload } = await jwtVerify(token, await key, {
          algorithms: ['ES256'],
          typ: 'at+jwt',
          issuer: env.ISSUER,
          audience: env.AUDIENCE,
        });
        return Response.json({ sub: payload.sub });
      }
      case '/argon2id':
        return Response.json({ right: await verifyArgon2id(env.HASH, env.SECRET) });
      default:
        return new Response(null, { status: 404 });
    }
  },
} satisfies ExportedHandler<BareEnv>;
