export {
  type ExpressSession,
  type ExpressStoreLike,
  fromExpressStore,
} from './from-express.js'
export { fromKeyv, fromUnstorage, type KeyvLike, type UnstorageLike } from './key-value.js'
export { ExpressStore, type ToExpressOptions, toExpressStore } from './to-express.js'
