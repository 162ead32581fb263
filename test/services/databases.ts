import { inject } from 'vitest'

/** The URL of the database that all tests of a run share; the first who asks waits for its start. */
export async function databaseUrl(kind: 'postgres' | 'mysql'): Promise<string> {
  const answer = await fetch(`${inject('databases')}/${kind}`)
  const text = await answer.text()
  if (!answer.ok) throw new Error(text)
  return text
}
