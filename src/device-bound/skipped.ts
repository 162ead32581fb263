/** Why a browser did not prove the device. `other`: a reason that this version does not know. */
export type Skipped = 'unreachable' | 'server_error' | 'quota_exceeded' | 'other'

const KNOWN: readonly string[] = ['unreachable', 'server_error', 'quota_exceeded']
/** A browser with many bound sessions names each of them. */
const MAX_CHARACTERS = 4096

/** What `Secure-Session-Skipped` says of a binding; undefined: nothing. */
export function readSkipped(header: string, bindingId: string): Skipped | undefined {
  if (header === '' || header.length > MAX_CHARACTERS) return undefined
  const entry = header.split(',').find((each) => each.includes(bindingId))
  const reason = entry?.split(';', 1)[0]?.trim()
  if (reason === undefined) return undefined
  return isKnown(reason) ? reason : 'other'
}

function isKnown(reason: string): reason is Exclude<Skipped, 'other'> {
  return KNOWN.includes(reason)
}
