import { ask, type Where } from './ask.ts';
import { PROBES } from './probes.ts';
import { NOT_ASKED, type Observations, PROBE_NAMES, type Seen } from './seen.ts';

/** Makes every request of {@link PROBES}, all at once. */
export async function observe(
  where: Where & { readonly token: string | null },
  { local, inside }: Pick<Observations, 'local' | 'inside'>,
): Promise<Observations> {
  const answers = await Promise.all(
    PROBE_NAMES.map(async (name): Promise<[string, Seen]> => {
      const wanted = PROBES[name](where);
      return [name, wanted === null ? NOT_ASKED : await ask(where, wanted)];
    }),
  );
  const seen = Object.fromEntries(answers) as Observations['seen'];
  return { publicUrl: where.publicUrl, seen, local, inside };
}
