import type { Expected } from '../expected.ts';

/** The canary that runs next finds nothing of it; what runs beside it is played by the reader itself. */
export const RESIDUE: Readonly<Record<string, Expected>> = {
  leave_traces: { says: [/^left$/m], outputs: ['trace-of-alice'] },
};
