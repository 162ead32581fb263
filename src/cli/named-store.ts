import type { SessionStore } from '../stores/contract.js'
import type { OpenedStore, Role } from './opened-store.js'
import { reasonOf } from './reason.js'
import { StoreError } from './store-error.js'
import { withTimeLimit } from './time-limit.js'
import { UsageError } from './usage.js'

/** How long a store may take to open, or to answer, in ms. Stores of modules may have no limit. */
const TIME_LIMIT = 30_000

/** Does something with a store. */
type Attempt = <T>(work: () => T | PromiseLike<T>) => Promise<T>

/**
 * Makes errors say which store failed, and why.
 * @throws {StoreError} also if the store does not answer within the limit, in ms.
 */
export function attemptWith(role: Role, address: string, limit = TIME_LIMIT): Attempt {
  return async (work) => {
    try {
      return await withTimeLimit(work(), limit)
    } catch (error) {
      if (error instanceof UsageError || error instanceof StoreError) throw error
      throw new StoreError(role, address, reasonOf(error), error)
    }
  }
}

/** A store that does the same, with such errors. */
export function named(attempt: Attempt, opened: OpenedStore): OpenedStore {
  const { store, setup, close } = opened
  const scan = store.scan?.bind(store)
  const methods: SessionStore = {
    load: (...args) => attempt(() => store.load(...args)),
    create: (...args) => attempt(() => store.create(...args)),
    replace: (...args) => attempt(() => store.replace(...args)),
    touch: (...args) => attempt(() => store.touch(...args)),
    destroy: (...args) => attempt(() => store.destroy(...args)),
  }
  if (scan) methods.scan = (...args) => attempt(() => scan(...args))
  return {
    ...opened,
    store: methods,
    setup: setup && (() => attempt(setup)),
    close: () => attempt(close),
  }
}
