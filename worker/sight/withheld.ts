import { Refusal } from '../http/refusal.ts';
import type { Reader } from '../runs/caller.ts';

/** Where a person opens a run: the address needs them signed in, whoever passes it on. */
export function addressOfRun({ platform, principal }: Reader, run: string): string {
  return `${platform.publicUrl}/runs/${principal.tenantId}/${run}`;
}

export function withheldRun(page: string): Refusal {
  return new Refusal(
    'withheld',
    'The run had data of which agents see the schema only, so what it left is for people.',
    { hint: `Give the person this address, which opens it once they are signed in: ${page}` },
  );
}

export function withheldRows(name: string): Refusal {
  return new Refusal('withheld', `Agents see the schema of \`${name}\` only; its rows are for people.`, {
    hint: 'describe_data gives its columns, and a run may compute with it; a person opens what the run leaves.',
  });
}

/** Why an output of a withheld run was not imported: one answer, so that names cannot be tried out. */
export function unusableOutput(page: string): Refusal {
  return new Refusal(
    'invalid_data',
    'The run left no such output, or none that can be read as a table of this format. Nothing was imported.',
    { hint: `Which of the two is for people; the run is at ${page}` },
  );
}
