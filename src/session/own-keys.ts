import type { StoredSession } from '../stores/contract.js'

/** A plain copy of the own keys. */
export function copy(data: object): StoredSession {
  const plain: StoredSession = {}
  for (const [key, value] of Object.entries(data)) defineOwn(plain, key, value)
  return plain
}

/** Sets an own key. Assignment would call setters of the prototype (`__proto__`, `isNew`). */
export function defineOwn(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  })
}
