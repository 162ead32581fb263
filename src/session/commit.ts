import type { Held } from '../record/envelope.js'
import { busy } from '../record/merge.js'
import { type Attempt, MOST_ROUNDS } from '../record/repository.js'
import { type Awaitable, andThen } from '../util/async.js'
import { isEncodable } from '../util/json.js'
import { assertId } from './id.js'
import { deadline, lifetime } from './lifetime.js'
import { type Action, planCommit } from './plan.js'
import type { Session } from './session.js'
import type { Visit } from './state.js'

/** Writes what a request made of its session, and only then tells the browser. */
export function commit(visit: Visit): Awaitable<void> {
  const planned = plan(visit)
  if (planned.action === 'none') return
  const { current, config, host } = visit
  if (!config.beforeSave || !current || planned.action === 'destroy')
    return carryOut(visit, planned)
  return andThen(host.beforeSave(current), () => carryOut(visit, plan(visit)))
}

/** `value`: the session as it was encoded to decide. */
interface Plan {
  action: Action
  value: string
}

function plan(visit: Visit): Plan {
  const { session, held, found, config } = visit
  let value = ''
  try {
    if (session) value = visit.encode(session)
  } catch (error) {
    // A record that cannot even be written as it was read is left alone.
    if (held && !isEncodable(visit.base()?.data ?? {})) return { action: 'none', value }
    throw error
  }
  const action = planCommit({
    save: visit.saving,
    barred: visit.origin?.kind === 'barred',
    found: found !== undefined,
    moved: visit.moved,
    ended: session === null,
    empty: value.startsWith('{"cookie":'),
    allowEmpty: config.allowEmpty,
    changed: held !== undefined && session !== null && visit.differs(value, held),
    extend: visit.due,
  })
  return { action, value }
}

async function carryOut(visit: Visit, { action, value }: Plan): Promise<void> {
  const { found, current } = visit
  if (action === 'destroy' && found) return end(visit, found)
  if (!current || action === 'none') return
  visit.host.check(current)
  if (!found || action === 'regenerate') return create(visit, current, value, found)
  if (action === 'touch' && isExtended(visit, found, current)) await visit.stored(found, current)
  else await replace(visit, found, current, value)
  if (action === 'touch' && visit.found) visit.host.emit('renew', { id: found.id })
}

/** The new record first, then the end of the old one; had that ended already, the new one was in vain. */
async function create(
  visit: Visit,
  session: Session,
  value: string,
  old: Held | undefined,
): Promise<void> {
  const { writer } = visit.config
  const expiresAt = deadline(visit, session)
  const held = await writer.create(
    () => nextId(visit),
    visit.encodeUntil(session, expiresAt, value),
    expiresAt,
  )
  if (old) {
    let ended = false
    try {
      ended = await writer.end(old)
    } finally {
      if (!ended) await writer.withdraw(held)
    }
    if (!ended) return visit.gone()
  }
  await visit.stored(held, session)
  if (old) visit.host.emit('regenerate', { id: held.id, before: old.id })
  else visit.host.emit('create', { id: held.id })
}

async function replace(visit: Visit, held: Held, session: Session, value: string): Promise<void> {
  let attempt = await attemptReplace(visit, held, session, value)
  for (let round = 0; round < MOST_ROUNDS; round++) {
    if ('written' in attempt) return visit.stored(attempt.written, session)
    const rebased = 'theirs' in attempt && visit.rebase(session, attempt.theirs)
    if (!rebased || !visit.held) return visit.gone()
    attempt = await attemptReplace(visit, visit.held, session)
  }
  throw busy()
}

/** One compare-and-set of a session over the record that was last seen; unchanged, it stays spelled as it was. */
export function attemptReplace(
  visit: Visit,
  held: Held,
  session: Session,
  known?: string,
): Promise<Attempt> {
  const expiresAt = deadline(visit, session)
  const record = visit.encodeUntil(session, expiresAt, known)
  const value = visit.keepsDeadline || visit.differs(record, held) ? record : held.value
  return visit.config.writer.replace(held, value, expiresAt)
}

async function end(visit: Visit, held: Held): Promise<void> {
  const session = visit.last ?? visit.open()
  if (!(await visit.config.writer.end(held))) return visit.gone()
  await visit.ended(session)
  visit.host.emit('destroy', { id: held.id })
}

// Reading moved the deadline already, and nothing could come between since.
function isExtended(visit: Visit, held: Held, session: Session): boolean {
  const { origin, config } = visit
  if (origin?.kind !== 'found' || origin.extended === undefined || visit.keepsDeadline) return false
  if (origin.moment !== config.writer.moment()) return false
  if (origin.extended !== lifetime(visit, session)) return false
  // The record of a session that is only now given an age has to be written.
  return config.absoluteTimeout === undefined || !visit.differs(visit.encode(session), held)
}

async function nextId(visit: Visit): Promise<string> {
  const id = await (visit.reserved ?? visit.host.newId())
  visit.reserved = undefined
  assertId(id)
  return id
}
