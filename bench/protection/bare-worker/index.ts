import { importEnvelopeKey, openEnvelope, sealEnvelope } from '../../../worker/seal/envelope.ts';

const PLACE = { table: 'app.bench', column: 'secret', row: 'row_1', tenant: 'ten_bench' };
/** As long as a refresh token is. */
const SECRET = 'x'.repeat(64);

const key = () => importEnvelopeKey('benchkey', crypto.getRandomValues(new Uint8Array(32)));

/** Seals, or seals and opens, so many envelopes one after the other. */
export default {
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    const count = Number(searchParams.get('count') ?? '1');
    if (pathname === '/hello') return new Response('hello');
    const envelopeKey = await key();
    let envelope = '';
    for (let done = 0; done < count; done++) {
      if (pathname === '/seal' || envelope === '') envelope = await sealEnvelope(envelopeKey, SECRET, PLACE);
      if (pathname === '/open' && (await openEnvelope(envelopeKey, envelope, PLACE)) !== SECRET)
        throw new Error('an envelope did not open');
    }
    return new Response(envelope);
  },
} satisfies ExportedHandler;
