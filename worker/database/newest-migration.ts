// Made by `./causeway check --write` from migrations/.

/** The newest migration that this build was made with. */
export const NEWEST_MIGRATION = '0261-plans-that-are-kept.sql';
