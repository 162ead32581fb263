import { isUtf8 } from 'node:buffer'

/**
 * What the store returns for a value that is not UTF-8. It is no JSON, so no session. As text, the value
 * would never equal the stored bytes, and every compare-and-set of it would fail.
 */
const NOT_TEXT = '\uFFFD'

/** The text of a reply; undefined: there is no value. */
export function textOf(reply: unknown): string | undefined {
  if (reply === null || reply === undefined) return undefined
  if (!(reply instanceof Uint8Array)) return String(reply)
  if (!isUtf8(reply)) return NOT_TEXT
  return Buffer.from(reply.buffer, reply.byteOffset, reply.byteLength).toString()
}

/** Whether a client may have made this text of bytes that are not UTF-8. */
export function isUncertainText(text: string | undefined): boolean {
  return text?.includes(NOT_TEXT) === true
}

/** Whether `textOf` found a value that is not UTF-8. */
export function isNotText(text: string): boolean {
  return text === NOT_TEXT
}
