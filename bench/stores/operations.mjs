import { createHash } from 'node:crypto'
import { SMALL } from '../shared/sessions.mjs'

const DAY = 86_400_000
const COOKIE = { path: '/', httpOnly: true, sameSite: 'lax' }
// Coprime to all sizes: consecutive draws are far apart.
const STRIDE = 7919

// As ids are: without an order that an index could make use of.
const keyOf = (index) =>
  `koa:sess:${createHash('sha256').update(`${index}`).digest('base64url').slice(0, 32)}`
// Always as many bytes.
const recordOf = (count) =>
  JSON.stringify({ ...SMALL, views: 100_000 + (count % 900_000), cookie: COOKIE })

export const OPERATIONS = ['read', 'rolling read', 'write', 'create']

/** As many sessions as wanted, by the store; the bytes that each takes. */
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

/** Operations a second of the store, or of the bare client, for at least so long. */
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
      // What a write expects was read before, as a request does.
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
