import type { Rejection } from '../util/events.js'
import type { Signer } from './signature.js'

/** Why cookies of the name led to nothing. */
export interface Refused {
  refused: Rejection
}

/** An id as the browser presented it, and whether its signature was made with a key that is on its way out. */
export interface Presented {
  id: string
  stale: boolean
  /** Its signature, where the key in use made it: what is sent back need not be signed again. */
  signature?: string | undefined
}

// Bounds the signature work that one request can ask for (ASVS 15.2.2).
const MOST_COPIES = 4
// Four times what Node takes by default; what stands behind it is not looked at.
const MOST_CHARACTERS = 65_536

/** The values of every cookie of exactly this name, in the order they came; names are compared byte by byte. */
export function cookieValues(line: string, name: string): string[] {
  const header = line.length > MOST_CHARACTERS ? line.slice(0, MOST_CHARACTERS) : line
  const values: string[] = []
  const wanted = `${name}=`
  let at = header.indexOf(wanted)
  while (at !== -1 && values.length < MOST_COPIES) {
    if (startsPair(header, at)) {
      const end = header.indexOf(';', at)
      values.push(header.slice(at + wanted.length, end === -1 ? undefined : end))
    }
    at = header.indexOf(wanted, at + wanted.length)
  }
  return values
}

// A pair starts at the header's start or behind a semicolon, with spaces and tabs between, nothing else.
function startsPair(header: string, at: number): boolean {
  let before = at - 1
  while (before >= 0 && (header[before] === ' ' || header[before] === '\t')) before--
  return before < 0 || header[before] === ';'
}

/**
 * The id that the Cookie header presents: of several cookies with this name the first that verifies.
 * `signer` undefined: the cookie is not signed.
 */
export function readCookie(
  header: string | undefined,
  name: string,
  signer: Signer | undefined,
  accepts: (id: string) => boolean,
): Presented | Refused | undefined {
  if (!header) return undefined
  const values = cookieValues(header, name)
  if (values.length === 0) return undefined
  const ids = values.filter(accepts)
  if (ids.length === 0) return { refused: 'shape' }
  if (!signer) return { id: ids[0] as string, stale: false }
  const signatures = cookieValues(header, `${name}.sig`)
  for (const id of ids) {
    const index = signer.index(`${name}=${id}`, signatures)
    if (index >= 0) {
      return { id, stale: index > 0, signature: index === 0 ? onlyOne(signatures) : undefined }
    }
  }
  return { refused: 'signature' }
}

/** The Set-Cookie lines of an id: the cookie and, when it is signed, its signature. An empty id clears both. */
export function cookieLines(
  name: string,
  id: string,
  attributes: string,
  signer: Signer | undefined,
  known?: string,
): string[] {
  const line = `${name}=${id}${attributes}`
  if (!signer) return [line]
  const signature = id && (known ?? signer.sign(`${name}=${id}`))
  return [line, `${name}.sig=${signature}${attributes}`]
}

function onlyOne(signatures: readonly string[]): string | undefined {
  return signatures.length === 1 ? signatures[0] : undefined
}

/** Set-Cookie lines with ours in place of any earlier ones of the same names (RFC 6265, 4.1.1: one for each name). */
export function mergeLines(earlier: readonly string[], lines: readonly string[]): string[] {
  if (earlier.length === 0) return [...lines]
  const names = lines.map((line) => line.slice(0, line.indexOf('=') + 1))
  return [...earlier.filter((line) => !names.some((name) => line.startsWith(name))), ...lines]
}
