import { afterEach, expect, test } from 'vitest'
import { MemoryStore } from '../../src/index.js'
import { FaultyStore } from '../../src/testing.js'
import { Player } from '../races/player.js'
import { type StepsSite, serveSteps } from '../races/steps.js'

const WRITERS = 64

let site: StepsSite
let user: Player
afterEach(async () => {
  user.close()
  await site.close()
})

test('L4: many writers of one session take at most the store commands of as many lone requests', async () => {
  const store = new FaultyStore(new MemoryStore())
  site = await serveSteps({ store })
  user = new Player([site.origin], site.gates)
  await user.do('set:a:0')

  store.reset()
  await user.do('read,set:a:1')
  const lone = store.calls.length

  // The first write waits in the store until every other request has read the session.
  store.reset()
  const write = store.hold('replace')
  const first = user.do('read,set:k0:1')
  await write.arrived
  const lastRead = store.hold('load', { at: 'after', nth: WRITERS - 1 })
  const others = keys(1).map((key) => user.do(`read,set:${key}:1`))
  await lastRead.arrived
  lastRead.release()
  write.release()
  const replies = await Promise.all([first, ...others])

  expect(replies.map(({ status }) => status)).toEqual(Array(WRITERS).fill(200))
  expect(store.calls.length).toBeLessThanOrEqual(WRITERS * lone)
  const kept = Object.fromEntries(keys(0).map((key) => [key, '1']))
  expect(await user.read()).toEqual({ a: '1', ...kept })
})

/** The keys that the requests write, from one number on. */
function keys(from: number): string[] {
  return Array.from({ length: WRITERS - from }, (_, at) => `k${from + at}`)
}
