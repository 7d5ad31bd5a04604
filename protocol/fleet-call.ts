/**
 * How the operator makes a pool look at once at what was changed in the database (`POST /executor/fleet`):
 * `Authorization: Causeway-Operator <pool id>.<seconds>.<hex signature>`, where `app.sign_fleet_call` signs
 * {@link fleetStatement} for who may log in as `causeway_owner`. It is valid for FLEET_WINDOW_SECONDS around the
 * Worker's time; a repeated call only makes the pool look once more.
 */
export const FLEET_SCHEME = 'Causeway-Operator';
export const FLEET_WINDOW_SECONDS = 60;

export function fleetStatement(pool: string, seconds: number): string {
  return `causeway fleet call v1\n${pool}\n${seconds}`;
}
