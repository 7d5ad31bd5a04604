import { knownMigrations } from '../database/migrate.ts';

/** `worker/database/known-migrations.ts`: what a build knows of the migrations that it was made with. */
export function printKnownMigrations(): string {
  const names = knownMigrations().map(({ name }) => `  '${name}',\n`);
  return `// Made by \`./causeway check --write\` from migrations/.

/** The migrations that this build was made with, in order. */
export const KNOWN_MIGRATIONS: readonly string[] = [
${names.join('')}];
`;
}
