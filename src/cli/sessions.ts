import { resolveRecords, resolveShared, type StoredRecords } from '../options/resolve.js'
import type { SessionOptions } from '../options/session-options.js'
import type { ScannedSessions } from '../users/scanned-sessions.js'
import type { UserSessions } from '../users/user-registry.js'
import { asUsage, openSource, optionsOf } from './config.js'
import { INTERRUPTED } from './interrupt.js'
import type { OpenedStore } from './opened-store.js'
import { ownerAt } from './owner-at.js'
import { type ScanEnd, scanAll } from './scan-all.js'
import { type Row, table } from './session-table.js'
import { type SessionsTask, UsageError } from './usage.js'
import { useStore } from './use-store.js'

type Options = SessionOptions<object>

/** The sessions of the user: by the list, and by a scan. */
interface View {
  listed: UserSessions
  scanned: ScannedSessions
  scan(use: Parameters<typeof scanAll>[2]): Promise<ScanEnd>
}

/** Runs `koa-sess sessions`. @returns its exit code. */
export async function sessions(task: SessionsTask): Promise<number> {
  const given = await optionsOf(task)
  const options = task.of === undefined ? given : { ...given, users: { of: ownerAt(task.of) } }
  if (!options.users)
    throw new UsageError('--config: the options have no users.of, which says whose a session is')
  return useStore(await openSource(task, options), async (opened) => {
    const records = resolve(options, opened)
    try {
      return await act(task, opened, view(task, opened, records))
    } finally {
      records.close()
    }
  })
}

function resolve(options: Options, { store }: OpenedStore): StoredRecords {
  return asUsage(() => resolveRecords({ ...options, store }, resolveShared(options)))
}

function view({ user, scan }: SessionsTask, opened: OpenedStore, records: StoredRecords): View {
  const { users, prefix } = records
  if (!users) throw new Error('The option users was not resolved')
  return {
    listed: users.of(user),
    scanned: users.scannedSessionsOf(user),
    scan: async (use) => (scan ? scanAll(opened, prefix, use) : 'stopped'),
  }
}

async function act(task: SessionsTask, { isWeak }: OpenedStore, sessions: View): Promise<number> {
  const { end, endAll } = task
  if (end === undefined && !endAll) return list(sessions)
  if (isWeak)
    warn(
      'this store has no compare-and-set: a request that writes at the same moment may undo this',
    )
  return end === undefined ? endEach(sessions) : endOne(sessions, end)
}

async function list({ listed, scanned, scan }: View): Promise<number> {
  const rows = new Map<string, Row>()
  for (const session of await listed.list())
    rows.set(session.handle, { ...session, isListed: true })
  const end = await scan((record) => {
    const found = scanned.read(record)
    if (found && !rows.has(found.handle))
      rows.set(found.handle, { ...found, info: undefined, isListed: false })
    return undefined
  })
  console.log(table([...rows.values()]))
  return exitCodeOf(end)
}

async function endOne({ listed, scanned, scan }: View, handle: string): Promise<number> {
  let count = (await listed.end(handle)) ? 1 : 0
  const end =
    count > 0
      ? 'stopped'
      : await scan(async (record) => {
          if (scanned.read(record)?.handle !== handle) return undefined
          if (await scanned.end(record)) count++
          return 'stop'
        })
  console.log(`ended: ${count}`)
  const code = exitCodeOf(end)
  if (count > 0 || code !== 0) return code
  warn('there is no such session: it has ended, or the handle is of another user')
  return 1
}

/**
 * Ends those of the list first, as that takes a moment. A session that gets a new id during the scan
 * may be missed by it, and is then in the list: so the list is ended again afterwards.
 */
async function endEach({ listed, scanned, scan }: View): Promise<number> {
  let count = await listed.endAll()
  let unlisted = 0
  const end = await scan(async (record) => {
    if (scanned.read(record) && (await scanned.end(record))) unlisted++
    return undefined
  })
  if (end === 'complete') count += await listed.endAll()
  console.log(`ended: ${count + unlisted}`)
  if (unlisted > 0) console.log(`of these in no list: ${unlisted}`)
  return exitCodeOf(end)
}

function exitCodeOf(end: ScanEnd): number {
  if (end === 'unsupported')
    warn('this store has no scan: sessions that are in no list were not looked for')
  if (end !== 'interrupted') return 0
  warn('interrupted: sessions that are in no list were not all looked for')
  return INTERRUPTED
}

function warn(text: string): void {
  console.error(`koa-sess: ${text}`)
}
