export {
  type ExpressCookie,
  type ExpressCookieOptions,
  expressCookie,
} from './adapters/express-cookie.js'
export {
  type ContextStoreClass,
  type ContextStoreMethods,
  fromContextStore,
} from './adapters/from-context-store.js'
export {
  type ExpressSession,
  type ExpressStoreLike,
  fromExpressStore,
} from './adapters/from-express.js'
export { fromKeyv, fromUnstorage, type KeyvLike, type UnstorageLike } from './adapters/key-value.js'
export { ExpressStore, type ToExpressOptions, toExpressStore } from './adapters/to-express.js'
