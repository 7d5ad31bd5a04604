/**
 * Puts a value into a memory of one isolate as its newest; of more than `sizeMax` the one that was put there longest ago is
 * forgotten.
 */
export function keepNewest<Key, Value>(
  memory: Map<Key, Value>,
  key: Key,
  value: Value,
  sizeMax: number,
): void {
  memory.delete(key);
  memory.set(key, value);
  const [oldest] = memory.keys();
  if (memory.size > sizeMax) memory.delete(oldest as Key);
}
