/**
 * Asks somebody else's store. What it throws goes on without ids, values and commands, which file
 * systems and drivers put into their errors; its kind stays: name, `code`, `errno` and `syscall`.
 */
export async function discreetly<T>(key: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw discreet(error, key)
  }
}

function discreet(error: unknown, key: string): Error {
  const kept = new Error(withoutKey(message(error), key))
  if (!(error instanceof Error)) return kept
  kept.name = error.name
  for (const name of ['code', 'errno', 'syscall']) {
    const value: unknown = Reflect.get(error, name)
    if (typeof value === 'string' || typeof value === 'number') Reflect.set(kept, name, value)
  }
  return kept
}

function message(error: unknown): string {
  // JSON.parse quotes what it could not read.
  if (error instanceof SyntaxError) return 'The store holds something that it cannot parse'
  // Redis repeats the arguments of a command that it does not know.
  const [told] = error instanceof Error ? error.message.split(', with args beginning with') : []
  return told || 'The store failed and did not say why'
}

/** The shortest part of a key that is taken for an id, whatever stands before it. */
const ID_PART = 12

/** Keys come back as they were, as paths, or escaped; and behind the store's own prefix. */
function withoutKey(text: string, key: string): string {
  const parts = key.split(/[^\w-]+/).filter((part) => part.length >= ID_PART)
  const names = [key, key.replaceAll(':', '/'), encodeURIComponent(key), ...parts]
  return names.reduce((told, name) => told.replaceAll(name, '…'), text)
}
