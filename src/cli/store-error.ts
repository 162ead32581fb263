import type { Role } from './opened-store.js'

/** A store failed. The message is one line: which option named it, its address, and why. */
export class StoreError extends Error {
  constructor(role: Role, address: string, reason: string, cause: unknown) {
    super(`--${role} (${address}): ${reason}`, { cause })
  }
}
