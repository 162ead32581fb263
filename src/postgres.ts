export {
  type PgPoolLike,
  type PostgresJsLike,
  PostgresStore,
  type PostgresStoreOptions,
} from './stores/sql/postgres.js'
