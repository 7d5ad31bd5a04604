import type { ProjectRole, ProjectRoleRefusal } from '../database/projects.ts';
import { Refusal } from '../http/refusal.ts';

const MAY: Record<ProjectRole, string> = {
  viewer: 'read it',
  editor: 'change it or run its models',
  owner: 'archive it or say who works on it',
};

/** The refusal of a call to who may see the project, by what their role on it lacks: `details` of `app.project_refusal`. */
export function refuseRole(details: Readonly<Record<string, unknown>> | undefined): Refusal {
  const { role, needed } = details as ProjectRoleRefusal;
  return new Refusal(
    'insufficient_role',
    `On this project you are ${role}: you may ${MAY[role]}, and not ${MAY[needed]}.`,
    {
      hint: 'An owner of the project or an admin of the tenant can give you another role on it.',
      details: { role, needed },
    },
  );
}
