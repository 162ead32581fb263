import type { ListEntry, UserList } from './user-list.js'

/** A list as it was read. `raw`: what the store holds; undefined: nothing. */
export interface StoredList {
  raw: string | undefined
  list: UserList
}

/** Where the lists of users are stored. */
export interface Lists {
  /** The key of a user's list. */
  key(user: string): string
  /** @throws {StoreFailure} */
  load(key: string): Promise<StoredList>
  /**
   * Writes a list over what was read. Returns what is stored instead when another process wrote.
   * @throws {StoreFailure} and {SessionError} ERR_SESSION_SIZE
   */
  write(
    key: string,
    raw: string | undefined,
    list: UserList,
  ): Promise<{ written: string } | { current: StoredList }>
}

/** The sessions that the entries of lists lead to. */
export interface ListedRecords {
  /** Ends a session, so that no request that begins later reads it. False: it had ended. */
  end(user: string, entry: ListEntry): Promise<boolean>
  /** Whether the session of an entry has ended. */
  isOver(user: string, entry: ListEntry): Promise<boolean>
}
