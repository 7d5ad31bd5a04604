let pending: (() => unknown)[] = [];

/** Has `work` done once the test that runs has ended. */
export function afterCall(work: () => unknown): void {
  pending.push(work);
}

export async function endCall(): Promise<void> {
  const ended = pending.reverse();
  pending = [];
  for (const work of ended) await work();
}
