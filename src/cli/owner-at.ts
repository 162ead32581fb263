import type { UserId } from '../users/owner.js'
import { isObject } from '../util/shape.js'

/** Reads the id of the user at a path of the session, as `user.id`. */
export function ownerAt(path: string): (session: object) => UserId | undefined {
  const keys = path.split('.')
  return (session) => {
    let value: unknown = { ...session }
    for (const key of keys)
      value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined
    return typeof value === 'string' || typeof value === 'number' ? value : undefined
  }
}
