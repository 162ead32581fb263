import { encodable } from './codec.js'
import { timeToLive } from './expiry.js'
import { assertId } from './id.js'
import { busy } from './merge.js'
import { type Action, planCommit } from './plan.js'
import { Session } from './session.js'
import type { Visit } from './visit.js'
import { type Attempt, type Held, MOST_ROUNDS } from './writer.js'

/** Writes what a request made of its session, and only then tells the browser. */
export async function commit(visit: Visit): Promise<void> {
  let [action, value] = plan(visit)
  const { beforeSave } = visit.config
  if (beforeSave && visit.current && action !== 'none' && action !== 'destroy') {
    await visit.host.beforeSave(visit.current)
    ;[action, value] = plan(visit)
  }
  await carryOut(visit, action, value)
}

/** The decision, and the record to write. */
function plan(visit: Visit): [Action, string] {
  const { session, held, found, config } = visit
  let value = ''
  try {
    if (session) value = visit.encode(session)
  } catch (error) {
    // A record that cannot even be written as it was read is left alone.
    if (held && !encodable(visit.base()?.data ?? {})) return ['none', '']
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
  return [action, value]
}

async function carryOut(visit: Visit, action: Action, value: string): Promise<void> {
  const { found, current } = visit
  if (action === 'destroy' && found) return end(visit, found)
  if (!current || action === 'none') return
  visit.host.check(current)
  if (!found || action === 'regenerate') return create(visit, current, value, found)
  if (action === 'touch' && isExtended(visit, current)) return visit.stored(found, current)
  return replace(
    visit,
    found,
    current,
    action === 'touch' && !visit.keepsDeadline ? found.value : undefined,
  )
}

/** The new record first, then the end of the old one; had that ended already, the new one was in vain. */
async function create(
  visit: Visit,
  session: Session,
  value: string,
  old: Held | undefined,
): Promise<void> {
  const { writer } = visit.config
  const held = await writer.create(() => nextId(visit), value, deadline(visit, session))
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
}

/** `value`: what to write as it is, where nothing changed; the session is encoded otherwise. */
async function replace(
  visit: Visit,
  held: Held,
  session: Session,
  value: string | undefined,
): Promise<void> {
  let attempt = await attemptReplace(visit, held, session, value)
  for (let round = 0; round < MOST_ROUNDS; round++) {
    if ('written' in attempt) return visit.stored(attempt.written, session)
    const rebased = 'theirs' in attempt && visit.rebase(session, attempt.theirs)
    if (!rebased || !visit.held) return visit.gone()
    attempt = await attemptReplace(visit, visit.held, session)
  }
  throw busy()
}

/** One compare-and-set of a session over the record that was last seen. */
export function attemptReplace(
  visit: Visit,
  held: Held,
  session: Session,
  value?: string,
): Promise<Attempt> {
  const expiresAt = deadline(visit, session)
  return visit.config.writer.replace(
    held,
    value ?? visit.encodeUntil(session, expiresAt),
    expiresAt,
  )
}

async function end(visit: Visit, held: Held): Promise<void> {
  const session = visit.last ?? visit.open()
  if (await visit.config.writer.end(held)) await visit.ended(session)
  else visit.gone()
}

// Reading moved the deadline already, and nothing could come between since.
function isExtended(visit: Visit, session: Session): boolean {
  const { origin } = visit
  if (origin?.kind !== 'found' || origin.extended === undefined || visit.keepsDeadline) return false
  return origin.moment === visit.config.writer.moment() && origin.extended === ttl(visit, session)
}

async function nextId(visit: Visit): Promise<string> {
  const id = await (visit.reserved ?? visit.host.newId())
  visit.reserved = undefined
  assertId(id)
  return id
}

function ttl(visit: Visit, session: Session): number {
  return timeToLive(session, Session.cookieOf(session), visit.config.ttl, visit.config.now())
}

function deadline(visit: Visit, session: Session): number {
  return visit.config.now() + ttl(visit, session)
}
