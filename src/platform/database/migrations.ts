import type { Migrations } from './database.ts'

/** Where it is noted what was done. */
export const MIGRATIONS_SCHEMA = 'headwater_migrations'

/** How Drizzle's migrators are told of a feature's migrations. @throws Error for a name that is none */
export function migrationConfig ({ feature, folder }: Migrations): { migrationsFolder: string, migrationsTable: string, migrationsSchema: string } {
  if (!/^[a-z][a-z0-9_]*$/.test(feature)) throw new Error(`A feature cannot be called ${feature}`)
  return { migrationsFolder: folder, migrationsTable: feature, migrationsSchema: MIGRATIONS_SCHEMA }
}
