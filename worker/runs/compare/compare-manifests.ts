import type { Manifest } from '../../../protocol/manifest.ts';
import { compareJson, type Difference } from './compare-json.ts';

export interface NamedChange {
  readonly name: string;
  readonly change: 'changed' | 'only_a' | 'only_b';
}

/** What differs in what two runs were made of. All lists are empty for runs of equal manifests. */
export interface InputDifferences {
  readonly code: readonly NamedChange[];
  readonly parameters: readonly Difference[];
  readonly data: readonly NamedChange[];
  /** The entry, the image, limits and seeds; the commit alone is a name and no difference. */
  readonly environment: readonly Difference[];
}

export function compareManifests(a: Manifest, b: Manifest): InputDifferences {
  const environmentOf = ({ entry, kind, project, image, limits, seeds }: Manifest) => ({
    project,
    kind,
    entry,
    image,
    limits,
    seeds,
  });
  return {
    code: compareByName(named(a.files, 'path'), named(b.files, 'path')),
    parameters: compareJson(a.parameters, b.parameters),
    data: compareByName(named(a.data, 'name'), named(b.data, 'name')),
    environment: compareJson(environmentOf(a), environmentOf(b)),
  };
}

/** Names with another SHA-256, or on one side only, in the order of names. Pure. */
export function compareByName(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): NamedChange[] {
  const names = [...new Set([...a.keys(), ...b.keys()])].sort();
  return names.flatMap((name): NamedChange[] => {
    const [left, right] = [a.get(name), b.get(name)];
    if (left === right) return [];
    return [{ name, change: left === undefined ? 'only_b' : right === undefined ? 'only_a' : 'changed' }];
  });
}

function named<Key extends string>(
  entries: readonly ({ readonly sha256: string } & Readonly<Record<Key, string>>)[],
  key: Key,
): Map<string, string> {
  return new Map(entries.map((entry) => [entry[key], entry.sha256]));
}
