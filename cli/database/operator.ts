import { type FleetOperator, fleetOperatorOn } from './fleet-operator.ts';
import { type PeopleOperator, peopleOperatorOn } from './people-operator.ts';
import { type TokenOperator, tokenOperatorOn } from './token-operator.ts';
import { withClient } from './with-client.ts';

/** What an operator can do with people, tokens and executors: functions that only `causeway_owner` may call. */
export type Operator = PeopleOperator & TokenOperator & FleetOperator;

/** Logs in as `causeway_owner`, does `work`, and logs out. */
export function asOperator<Result>(
  ownerUrl: string,
  work: (operator: Operator) => Promise<Result>,
): Promise<Result> {
  return withClient(ownerUrl, (client) =>
    work({ ...peopleOperatorOn(client), ...tokenOperatorOn(client), ...fleetOperatorOn(client) }),
  );
}
