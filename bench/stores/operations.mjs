import { createHash } from 'node:crypto'
import { SMALL } from '../shared/sessions.mjs'

const DAY = 86_400_000
const COOKIE = { path: '/', httpOnly: true, sameSite: 'lax' }
// Coprime to all sizes, so that consecutive draws are far apart.
const STRIDE = 7919

// Random like ids, so that an index cannot profit from their order.
const keyOf = (index) =>
  `koa:sess:${createHash('sha256').update(`${index}`).digest('base64url').slice(0, 32)}`
// Always of the same length.
const recordOf = (count) =>
  JSON.stringify({ ...SMALL, views: 100_000 + (count % 900_000), cookie: COOKIE })

export const OPERATIONS = ['read', 'rolling read', 'write', 'create']

/** Creates sessions through the store. @returns the bytes of each. */
export async function fill({ store, bytes, concurrency }, sessions) {
  const before = await bytes()
  for (let at = 0; at < sessions; at += concurrency) {
    const batch = Array.from({ length: concurrency }, (_, next) => at + next)
    await Promise.all(
      batch.map((index) => store.create(keyOf(index), recordOf(index), Date.now() + DAY)),
    )
  }
  return ((await bytes()) - before) / sessions
}

let turn = 0

/** Runs the store or the bare client for at least so many seconds. @returns operations a second. */
export async function rate(contender, side, operation, { sessions, seconds }) {
  const { store, raw, concurrency } = contender
  const run = side === 'store' ? OURS[operation](store) : raw[operation]
  let done = 0
  let elapsed = 0
  while (elapsed < seconds * 1000) {
    const batch = []
    for (let count = 0; count < concurrency * 8; count++) {
      turn++
      const key = operation === 'create' ? keyOf(`new-${turn}`) : keyOf((turn * STRIDE) % sessions)
      // A write expects the value that it read before, as in a request.
      const expected = operation === 'write' ? await store.load(key) : undefined
      batch.push({ key, expected, value: recordOf(turn), until: Date.now() + DAY })
    }
    const begun = performance.now()
    for (let at = 0; at < batch.length; at += concurrency) {
      const answers = batch.slice(at, at + concurrency).map(run)
      if (concurrency > 1) await Promise.all(answers)
    }
    elapsed += performance.now() - begun
    done += batch.length
    if (operation === 'create') for (const { key } of batch) await store.destroy(key)
  }
  return (done * 1000) / elapsed
}

const OURS = {
  read: (store) => (each) => store.load(each.key),
  'rolling read': (store) => (each) => store.load(each.key, each.until),
  write: (store) => (each) => store.replace(each.key, each.expected, each.value, each.until),
  create: (store) => (each) => store.create(each.key, each.value, each.until),
}
