import type { SessionStore } from '../stores/contract.js'

/** Which option names a store. */
export type Role = 'from' | 'to'

export interface OpenedStore {
  store: SessionStore
  /** Creates what the store needs before its first write, such as a table. */
  setup?: (() => Promise<unknown>) | undefined
  close(): unknown
}

/** Opens the store that a URL names. */
export type OpenUrl = (url: string, role: Role) => Promise<OpenedStore>
