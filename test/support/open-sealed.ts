import { nodeSource } from '../../cli/keys/open-source.ts';
import { operatorKeys } from '../../cli/keys/operator-keys.ts';
import type { Place } from '../../worker/seal/envelope.ts';
import type { TestStack } from './stack.ts';

/** The text of an envelope of a running stack, opened as its operator could; null where none of the owner's keys opens it. */
export function openSealed(stack: TestStack, envelope: string, place: Place): Promise<string | null> {
  const keys = operatorKeys(stack.ownerUrl, nodeSource([stack.secrets.keyPassphrase]));
  return keys.open(place.tenant, envelope, place);
}
