/** Why an image or an engine cannot be provided. */
export type ProblemCode =
  | 'not_debian'
  | 'no_keyring'
  | 'mirror_unreachable'
  | 'package_gone'
  | 'wheel_gone'
  | 'hash_mismatch'
  | 'lock_invalid'
  | 'build_step_failed'
  | 'runsc_unusable'
  | 'tool_missing'
  | 'cancelled';

/**
 * An expected failure of provisioning, for a person at a terminal: one sentence that says what failed, one that says what
 * to do. Everything else that is thrown here is a bug.
 */
export class ProvisionProblem extends Error {
  readonly code: ProblemCode;
  readonly remedy: string;

  constructor(code: ProblemCode, message: string, remedy: string) {
    super(message);
    this.name = 'ProvisionProblem';
    this.code = code;
    this.remedy = remedy;
  }
}
