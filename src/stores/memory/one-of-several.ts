let hasWarned = false

/**
 * Warns once if the default store is used where there are several processes: a worker of node:cluster,
 * or a process of PM2. Each of them has sessions of its own there, so users seem to be logged out at
 * random, and a reload logs all of them out.
 */
export function warnIfOneOfSeveral(): void {
  if (hasWarned || !isOneOfSeveral()) return
  hasWarned = true
  process.emitWarning(
    'Sessions are kept in the memory of this process, which is a worker of node:cluster or runs under PM2. The other processes do not know them, and a reload ends them. Pass a store outside of the process, such as RedisStore or SqliteStore; to silence this, pass new MemoryStore().',
    { code: 'KOA_SESS_MEMORY_CLUSTER' },
  )
}

function isOneOfSeveral(): boolean {
  // PM2 sets these variables for the processes that it starts.
  const { pm_id: pm2Id, NODE_APP_INSTANCE: pm2Instance } = process.env
  if (pm2Id !== undefined || pm2Instance !== undefined) return true
  // Not imported, as some runtimes that can serve requests do not have it.
  const cluster: unknown = process.getBuiltinModule?.('node:cluster')
  return Reflect.get(Object(cluster), 'isWorker') === true
}
