import { SCENARIOS } from './cells.mjs'
import { keyOf } from './handlers.mjs'

/**
 * One cell for a moment. `shared`: all writers have the cookie of one session; otherwise each has a session of its
 * own that holds as much. What it returns is for the writers; `others`: for the other users beside them.
 */
export async function slice({ group, generator, service }, cell, shared, { seconds, limit }) {
  await service.clear()
  const cookies = await cookiesOf(group, cell, shared)
  const strangers = await group.login(cell.others, 0)
  const { path, writes } = SCENARIOS[cell.scenario]
  await generator.ask('open', {
    ports: group.ports,
    writers: cookies.map((cookie, writer) => ({
      cookie,
      paths: [writes === 'key' ? `${path}?key=${keyOf(writer)}` : path],
    })),
    others: strangers.map((cookie) => ({ cookie, paths: ['/read', '/count'] })),
  })
  const before = await group.used()
  const driven = await generator.ask('drive', { seconds: seconds * cell.lasts, limit })
  const after = await group.used()
  await generator.ask('close')
  const used = (kind) => after[kind] - before[kind]
  const written = total(driven.acknowledged)
  return {
    ...driven,
    acknowledged: written,
    perSecond: (written * 1000) / driven.elapsed,
    commands: used('commands') / driven.requests,
    cpu: used('cpu') / written,
    ...(await check(group, cookies[0], { shared, writes }, driven.acknowledged)),
  }
}

async function cookiesOf(group, { writers, keys }, shared) {
  if (!shared) return group.login(writers, keys)
  const [cookie] = await group.login(1, keys)
  return Array(writers).fill(cookie)
}

/** How many acknowledged writes the session does not hold. Each added one to a number that began at zero. */
async function check(group, cookie, { shared, writes }, acknowledged) {
  const session = await group.session(cookie)
  const bytes = JSON.stringify(session).length
  if (!shared || !writes) return { lost: 0, bytes }
  if (writes === 'counter') return { lost: missing(total(acknowledged), session.views), bytes }
  const lost = acknowledged.map((count, writer) => missing(count, session[keyOf(writer)]))
  return { lost: total(lost), bytes }
}

// A write that failed may have taken effect all the same, so there can be more than were acknowledged.
const missing = (expected, found) => Math.max(0, expected - found)

const total = (values) => values.reduce((sum, value) => sum + value, 0)
