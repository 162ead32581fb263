export type StoreMethod = 'load' | 'create' | 'replace' | 'touch' | 'destroy' | 'scan'

/** A call that the store received. */
export interface StoreCall {
  readonly method: StoreMethod
  /** The key; of `scan`, the prefix. */
  readonly key: string
  /** The arguments after the key. */
  readonly args: readonly unknown[]
}

/** Selects a call, and a moment of it. */
export interface Moment {
  /** `before`: the store has done nothing yet. `after`: it has, but not answered. Default `before`. */
  at?: 'before' | 'after' | undefined
  /** 1 is the next matching call (default), 2 the one after it, and so on. */
  nth?: number | undefined
  /** Only calls for which it returns true match. */
  where?: ((call: StoreCall) => boolean) | undefined
}

/** A call that waits, or is going to. */
export interface Hold {
  /** Resolves when the call waits. */
  readonly arrived: Promise<StoreCall>
  /** Lets the call continue. If it was not made yet, it does not wait. */
  release(): void
  /** Makes the call fail where it waits. */
  fail(error?: unknown): void
}

/** A planned failure. */
export interface Fault {
  /** How many calls failed by it. */
  readonly hits: number
  /** Later calls no longer fail by it. */
  cancel(): void
}
