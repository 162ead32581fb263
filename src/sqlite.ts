export {
  type SqliteLike,
  type SqliteStatementLike,
  SqliteStore,
  type SqliteStoreOptions,
} from './stores/sql/sqlite.js'
