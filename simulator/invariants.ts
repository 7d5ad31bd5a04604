/** What must be true of every world, whatever goes wrong in it. */
export const INVARIANTS = {
  'one outcome': 'a run has one terminal state, written once and by the holder of its fence',
  'in time': 'no run is left alone beyond lease and grace once the faults are over, and each one ends',
  recorded: 'each attempt at a run and its end are in the audit log',
  quotas: 'no executor holds more runs than it has slots, and no tenant more than its quota',
  placed:
    'a run goes to a host of its pool with its labels, that takes runs by its own word and its operator’s, and speaks a version of ours',
  heard: 'a run goes to no host that has been silent for a lease by the clock of its pool',
  held: 'whoever is taken to work on an attempt was sent it, and nobody is who has said goodbye',
  cancelled: 'a run that its pool knows to be cancelled is neither given to a host nor tried again',
  'no attempt for nothing': 'an attempt is over because its executor stopped where it did, and not before',
  rates: 'a tenant starts no more runs than its rate allows, by a recount of the log',
  slots: 'no slot is leaked: when all runs are over nobody holds one',
  answers: 'whoever waits gets an answer, and soon once there is one',
  'no false word': 'agents are told what is recorded, and executors that it is recorded when it is',
} as const;
export type Invariant = keyof typeof INVARIANTS;

export interface Violation {
  readonly invariant: Invariant;
  /** Virtual ms since the world began. */
  readonly atMs: number;
  readonly what: string;
}
