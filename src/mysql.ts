export {
  type MysqlCallbackPoolLike,
  type MysqlPoolLike,
  MysqlStore,
  type MysqlStoreOptions,
} from './stores/sql/mysql.js'
