import type { SessionStore } from '../stores/contract.js'

/** Which option names a store. */
export type Role = 'from' | 'to' | 'store' | 'config'

export interface OpenedStore {
  store: SessionStore
  /** It does not exist yet, and was not opened, as that would create it. */
  isNew?: boolean | undefined
  /** It has get, set and destroy, and no compare-and-set. */
  isWeak?: boolean | undefined
  /** Which part of the keys was scanned, from 0 to 1, at a cursor of `scan`; undefined: that is not known. */
  partOf?: ((cursor: string) => number | undefined) | undefined
  /** Creates what the store needs before its first write, such as a table. */
  setup?: (() => Promise<unknown>) | undefined
  close(): unknown
}

/** Opens the store that a URL names. `isDryRun`: nothing may be created. */
export type OpenUrl = (url: string, role: Role, isDryRun: boolean) => Promise<OpenedStore>
