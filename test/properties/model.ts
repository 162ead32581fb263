/** The keys of a session, as the model knows them. */
export type Data = Record<string, number>

/** What a handler does once its gate opens. */
export type Op =
  | { type: 'set'; key: string; value: number }
  | { type: 'delete'; key: string }
  | { type: 'replace'; key: string; value: number }
  | { type: 'update'; key: string }
  | { type: 'regenerate'; keep: string[] }
  | { type: 'logout' }

/** A request between its gate and its answer. */
export interface Pending {
  path: string
  browser: number
  ops: Op[]
  /** The id it presented. */
  id: string | undefined
  /** What it saw of that session; undefined: nothing was there, or it has not looked yet. */
  seen: Data | undefined
  looked: boolean
  /** The session had ended when it began. */
  late: boolean
  finish(): Promise<{ status: number; cookies: string[] }>
}

/** What a commit does to the sessions: the whole promise of the package in a few lines. */
export type Outcome =
  | { type: 'nothing' }
  | { type: 'write'; data: Data }
  | { type: 'create'; data: Data }
  | { type: 'move'; data: Data }
  | { type: 'end' }

/**
 * @param now what the presented session holds at this moment; undefined: it is not there.
 * @param ended the id ended moments ago: no session may begin under it, except by a regenerate in a
 * request that began afterwards.
 */
export function outcome(pending: Pending, now: Data | undefined, ended: boolean): Outcome {
  const { ops, seen } = pending
  const restarts = pending.late && ops.some(({ type }) => type === 'regenerate')
  if (pending.id !== undefined && ((ended && !restarts) || (seen && !now)))
    return { type: 'nothing' }
  const mine: Data = { ...seen }
  let current: Data | null = mine
  let moved = false
  const counted: Data = {}
  for (const op of ops) {
    if (op.type === 'logout') current = null
    else if (op.type === 'regenerate') {
      const kept: [string, number][] = op.keep.flatMap((key) => {
        const value = current?.[key]
        return value === undefined ? [] : [[key, value] as [string, number]]
      })
      current = Object.fromEntries(kept)
      moved = true
    } else if (op.type === 'replace' || (op.type === 'set' && current === null)) {
      if (current === null) moved = true
      current = { [op.key]: op.value }
    } else if (current === null) continue
    else if (op.type === 'set') current[op.key] = op.value
    else if (op.type === 'delete') delete current[op.key]
    else counted[op.key] = (counted[op.key] ?? 0) + 1
  }
  const stored = seen !== undefined && now !== undefined
  if (current === null) return stored ? { type: 'end' } : { type: 'nothing' }
  if (!stored || moved) {
    const data = { ...current }
    for (const [key, times] of Object.entries(counted)) data[key] = (data[key] ?? 0) + times
    if (Object.keys(data).length > 0) return { type: stored ? 'move' : 'create', data }
    return stored ? { type: 'end' } : { type: 'nothing' }
  }
  const data: Data = { ...now }
  for (const key of Object.keys({ ...seen, ...current })) {
    const value = current[key]
    if (value === seen[key]) continue
    if (value === undefined) delete data[key]
    else data[key] = value
  }
  for (const [key, times] of Object.entries(counted)) data[key] = (data[key] ?? 0) + times
  return { type: 'write', data }
}
