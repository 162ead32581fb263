/**
 * Runs a call to a foreign store. Its errors may quote ids, values and commands, and applications log
 * errors. So it rethrows them without: only name, `code`, `errno`, `syscall` and the redacted message
 * are kept.
 */
export async function redactErrors<T>(key: string, call: () => T | Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw redact(error, key)
  }
}

function redact(error: unknown, key: string): Error {
  const redacted = new Error(withoutKey(safeMessage(error), key))
  if (!(error instanceof Error)) return redacted
  redacted.name = error.name
  for (const name of ['code', 'errno', 'syscall']) {
    const value: unknown = Reflect.get(error, name)
    if (typeof value === 'string' || typeof value === 'number') Reflect.set(redacted, name, value)
  }
  return redacted
}

function safeMessage(error: unknown): string {
  // JSON.parse quotes the text that it could not parse.
  if (error instanceof SyntaxError) return 'The store returned text that it cannot parse'
  // Redis quotes the arguments of an unknown command.
  const [message] = error instanceof Error ? error.message.split(', with args beginning with') : []
  return message || 'The store failed without a message'
}

/** Parts of a key with at least this length may be the id, whatever the prefix is. */
const MIN_ID_LENGTH = 12

/** Messages contain the key as it is, as a path, escaped, or with the store's own prefix. */
function withoutKey(message: string, key: string): string {
  const parts = key.split(/[^\w-]+/).filter((part) => part.length >= MIN_ID_LENGTH)
  const forms = [key, key.replaceAll(':', '/'), encodeURIComponent(key), ...parts]
  return forms.reduce((text, form) => text.replaceAll(form, '…'), message)
}
