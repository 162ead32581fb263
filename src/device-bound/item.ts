/**
 * The string in a header that holds one (RFC 9651, 3.3.3), without its parameters. The draft says that
 * it is quoted, and Chromium 156 sends it bare. Undefined: it is empty, malformed, or longer than `most`.
 */
export function readItem(header: string, most: number): string | undefined {
  // Quotes and a short parameter may surround it.
  if (header.length > most + 64) return undefined
  const value = header.startsWith('"') ? quoted(header) : header.split(';', 1)[0]?.trim()
  return value && value.length <= most ? value : undefined
}

function quoted(header: string): string | undefined {
  const end = header.indexOf('"', 1)
  const rest = header.slice(end + 1).trim()
  if (end < 0 || (rest !== '' && !rest.startsWith(';'))) return undefined
  return header.slice(1, end)
}
