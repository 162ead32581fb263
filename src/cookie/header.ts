import type { Rejection } from '../util/events.js'
import type { Signer } from './signature.js'

/** An id whose signature holds, or that needs none. */
export interface VerifiedId {
  kind: 'id'
  id: string
  /** Its signature was not made with the current key and digest. */
  stale: boolean
  /** Its signature, where the current key made it: the same id need not be signed again. */
  signature?: string | undefined
}

/** What the cookies of a name present. */
export type CookieReading = VerifiedId | { kind: 'refused'; why: Rejection }

/** Bounds the signature work that one request can cause (ASVS 15.2.2). */
const MAX_COPIES = 4
/** Four times Node's default limit; the rest of a longer header is ignored. */
const MAX_CHARACTERS = 65_536

/**
 * The values of every cookie of exactly this name, in their order, without their quotes. Names are
 * compared byte by byte.
 */
export function cookieValues(line: string, name: string): readonly string[] {
  const header = line.length > MAX_CHARACTERS ? line.slice(0, MAX_CHARACTERS) : line
  let values: string[] | undefined
  const wanted = `${name}=`
  let at = header.indexOf(wanted)
  while (at !== -1 && (values?.length ?? 0) < MAX_COPIES) {
    if (startsPair(header, at)) {
      const end = header.indexOf(';', at)
      const value = unquoted(header.slice(at + wanted.length, end === -1 ? undefined : end))
      // An empty array that grows takes room for sixteen.
      if (values) values.push(value)
      else values = [value]
    }
    at = header.indexOf(wanted, at + wanted.length)
  }
  return values ?? NONE
}

const NONE: readonly string[] = []

/** A pair starts at the header's start or behind a semicolon; only spaces and tabs may be between. */
function startsPair(header: string, at: number): boolean {
  let before = at - 1
  while (before >= 0 && (header[before] === ' ' || header[before] === '\t')) before--
  return before < 0 || header[before] === ';'
}

/** A value may be in double quotes (RFC 6265, 4.1.1). Clients of RFC 2965 send every value so. */
function unquoted(value: string): string {
  return value.startsWith('"') ? value.replace(/^"([^"]*)"[ \t]*$/, '$1') : value
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
): CookieReading | undefined {
  if (!header) return undefined
  const values = cookieValues(header, name)
  if (values.length === 0) return undefined
  const ids = accepted(values, accepts)
  if (ids.length === 0) return { kind: 'refused', why: 'shape' }
  const signatures = signer ? cookieValues(header, `${name}.sig`) : []
  for (const id of ids) {
    const verified = verify(name, id, signer, signatures)
    if (verified) return verified
  }
  return { kind: 'refused', why: 'signature' }
}

function accepted(values: readonly string[], accepts: (id: string) => boolean): readonly string[] {
  const [only] = values
  // Nearly every request: it needs no list of its own.
  if (values.length === 1 && only !== undefined) return accepts(only) ? values : NONE
  return values.filter(accepts)
}

/**
 * The ids that verify, in their order: those behind the id that `readCookie` returned, as none before
 * it verifies. Without that id: all of them. undefined: that id is not among them.
 */
export function readCookies(
  header: string,
  name: string,
  signer: Signer | undefined,
  accepts: (id: string) => boolean,
  behind?: string,
): VerifiedId[] | undefined {
  const ids = cookieValues(header, name).filter(accepts)
  if (behind !== undefined && !ids.includes(behind)) return undefined
  const rest = behind === undefined ? ids : ids.slice(ids.indexOf(behind) + 1)
  const signatures = signer && rest.length > 0 ? cookieValues(header, `${name}.sig`) : []
  return rest.flatMap((id) => verify(name, id, signer, signatures) ?? [])
}

function verify(
  name: string,
  id: string,
  signer: Signer | undefined,
  signatures: readonly string[],
): VerifiedId | undefined {
  if (!signer) return { kind: 'id', id, stale: false }
  const index = signer.index(`${name}=${id}`, signatures)
  if (index === undefined) return undefined
  const signature = index === 0 && signatures.length === 1 ? signatures[0] : undefined
  return { kind: 'id', id, stale: index > 0, signature }
}
