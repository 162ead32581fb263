import { expect, test } from 'vitest'
import { MemoryStore } from '../../src/index.js'
import type { Op } from './model.js'
import { type Command, play } from './play.js'
import { World } from './world.js'

// What the property test found once, as small as it gets.

const begin = (ops: Op[], early = false): Command => ({ type: 'begin', browser: 0, ops, early })
const finish = (index = 0): Command => ({ type: 'finish', index, fault: undefined })
const fault = (at: 'before' | 'after'): Command => ({
  type: 'finish',
  index: 0,
  fault: { at, nth: 1 },
})
const set = (key: string, value: number): Op => ({ type: 'set', key, value })

const FOUND: [string, { rolling?: boolean; defer?: boolean }, Command[]][] = [
  [
    'a rolling reader sent its cookie after a logout of the same turn of the event loop',
    { rolling: true },
    [begin([set('a', 0)]), finish(), begin([{ type: 'logout' }]), begin([]), finish(), finish()],
  ],
  [
    'a deferred regenerate carried a kept key over what the handler had set since',
    { defer: true },
    [
      begin([set('a', 0)]),
      finish(),
      begin([{ type: 'regenerate', keep: ['b'] }, set('b', 0)]),
      begin([{ type: 'replace', key: 'b', value: 1 }]),
      finish(1),
      finish(),
    ],
  ],
  [
    'an update that failed on a new session was saved with it afterwards',
    {},
    [begin([{ type: 'update', key: 'n' }]), fault('before'), begin([]), finish()],
  ],
  [
    'a new session whose store failed after all left its record behind',
    {},
    [begin([set('a', 0)]), fault('after')],
  ],
]

test.each(FOUND)('%s', async (_name, options, commands) => {
  const store = new MemoryStore()
  const world = new World(1, store, { prefix: '', ...options })
  await play(world, commands)
  // Beside tombstones, the store holds only what the model knows.
  expect(store.size).toBeLessThanOrEqual(world.sessions.size + world.dead.size)
  await world.close()
})
