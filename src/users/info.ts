import { SessionError } from '../util/errors.js'

/** What the list keeps of `describe`, in bytes of JSON. */
const MAX_BYTES = 1024
/** A browser chooses its User-Agent: a long one must not make the login fail. In UTF-16 code units. */
const TEXT_LENGTHS = [Number.POSITIVE_INFINITY, 256, 64]

/**
 * What the list keeps of the result of `describe`: at most 1 KB as JSON. Texts in it are shortened
 * until it fits.
 * @throws {SessionError} ERR_SESSION_SIZE, ERR_SESSION_DATA
 */
export function keptInfo(info: unknown): unknown {
  for (const length of TEXT_LENGTHS) {
    const text = encode(info, length)
    if (text === undefined) return undefined
    if (Buffer.byteLength(text) <= MAX_BYTES) return JSON.parse(text)
  }
  throw new SessionError(
    'ERR_SESSION_SIZE',
    `users.describe returned more than ${MAX_BYTES} bytes: return less`,
  )
}

function encode(info: unknown, length: number): string | undefined {
  const shorten = (_: string, value: unknown) =>
    typeof value === 'string' && value.length > length ? value.slice(0, length) : value
  try {
    return JSON.stringify(info, shorten)
  } catch (cause) {
    throw new SessionError(
      'ERR_SESSION_DATA',
      'users.describe returned something that JSON cannot write: return plain data',
      { cause },
    )
  }
}
