import { createHash } from 'node:crypto'

/** What stands behind the prefix in the store when ids are hashed. */
export function hashed(id = ''): string {
  return `#${createHash('sha256').update(id).digest('base64url')}`
}
