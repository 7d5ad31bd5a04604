declare const kept: unique symbol;

/**
 * Something of a tenant that not every caller may see, as the database or a pool gives it. Nothing but its `Plain` fields can
 * be read of it: whoever answers somebody has it opened for them, by `see-run.ts` or `see-source.ts`.
 */
export type Unseen<Value, Plain extends keyof Value = never> = Pick<Value, Plain> & {
  readonly [kept]: Value;
};

/** Closes a value. */
export function unseen<Value, Plain extends keyof Value = never>(value: Value): Unseen<Value, Plain> {
  return value as unknown as Unseen<Value, Plain>;
}

/** Opens it. For the files of this folder alone: the gate finds any other. */
export function openUnseen<Value>(closed: Unseen<Value>): Value {
  return closed as unknown as Value;
}
