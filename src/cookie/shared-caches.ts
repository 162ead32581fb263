/**
 * Whether a Cache-Control header lets shared caches give others what they stored (RFC 9111, 5.2.2). A
 * cookie in such an answer can reach other users. `max-age` counts unless caches have to ask each time.
 */
export function isForSharedCaches(cacheControl: number | string | string[] | undefined): boolean {
  const text = String(cacheControl ?? '')
  if (text === '' || has(text, 'private|no-store')) return false
  if (has(text, 'public|s-maxage\\s*=\\s*"?0*[1-9]')) return true
  return has(text, 'max-age\\s*=\\s*"?0*[1-9]') && !has(text, 'no-cache')
}

function has(text: string, directive: string): boolean {
  return new RegExp(`(?:^|[\\s,])(?:${directive})(?![a-z-])`, 'i').test(text)
}
