import { newestMigration } from '../database/migrate.ts';

/** `worker/database/newest-migration.ts`: what a build knows of the migrations that it was made with. */
export function printNewestMigration(): string {
  return `// Made by \`./causeway check --write\` from migrations/.

/** The newest migration that this build was made with. */
export const NEWEST_MIGRATION = '${newestMigration()}';
`;
}
