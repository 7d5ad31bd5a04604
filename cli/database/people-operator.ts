import type pg from 'pg';
import type { Id, TenantId, UserId } from '../../protocol/ids.ts';
import { answerOf } from './answer-of.ts';

export interface NewPerson {
  readonly tenant: TenantId;
  readonly tenantName: string;
  readonly user: UserId;
  readonly email: string;
  readonly userName: string;
  readonly role: string;
}

export interface OwnerInvitation {
  readonly tenant: TenantId;
  readonly tenantName: string;
  readonly invitation: Id<'invitation'>;
  readonly email: string;
  readonly linkSha256: string;
  readonly lifetimeSeconds: number;
}

/** What an operator can do about people: make them, invite the first owner, and let somebody back in. */
export interface PeopleOperator {
  /** Makes the tenant, the person and the membership where they are absent. Returns the person's id. */
  provisionTenant(person: NewPerson): Promise<UserId>;
  /** Sets a person's password by its PHC string of argon2id, and ends their sessions. */
  setPassword(user: UserId, hash: string): Promise<void>;
  /** Makes a one-time link, known by its SHA-256 in hex, that makes an owner; and the tenant where it is absent. */
  inviteOwner(invitation: OwnerInvitation): Promise<void>;
  /** Makes a one-time link that sets a new password. False where nobody has the email. */
  createRecovery(recovery: { email: string; linkSha256: string; lifetimeSeconds: number }): Promise<boolean>;
}

export function peopleOperatorOn(client: pg.Client): PeopleOperator {
  return {
    async provisionTenant(person) {
      const answer = await answerOf<{ readonly user_id?: UserId; readonly code?: string }>(
        client,
        'select app.provision_tenant($1, $2, $3, $4, $5, $6) as answer',
        [person.tenant, person.tenantName, person.user, person.email, person.userName, person.role],
      );
      if (!answer.user_id) throw new Error(`the tenant could not be provisioned: ${answer.code}`);
      return answer.user_id;
    },
    async setPassword(user, hash) {
      await answerOf(client, 'select app.set_password($1, $2) as answer', [user, hash]);
    },
    async inviteOwner(invitation) {
      await answerOf(client, 'select app.invite_owner($1, $2, $3, $4, $5, $6) as answer', [
        invitation.tenant,
        invitation.tenantName,
        invitation.invitation,
        invitation.email,
        invitation.linkSha256,
        invitation.lifetimeSeconds,
      ]);
    },
    async createRecovery({ email, linkSha256, lifetimeSeconds }) {
      const sql = 'select app.create_recovery($1, $2, $3) as answer';
      return (await answerOf<{ readonly ok: boolean }>(client, sql, [email, linkSha256, lifetimeSeconds])).ok;
    },
  };
}
