import { describe, it } from 'vitest'
import { MemoryStore } from '../../src/index.js'
import { ManualClock, testStore } from '../../src/testing.js'

const clock = new ManualClock()
const create = () => new MemoryStore({ now: clock.now })

testStore(create, { describe, it, clock, name: 'MemoryStore' })
testStore(create, { describe, it, clock, name: 'MemoryStore by get, set, destroy', strong: false })
testStore(() => new MemoryStore(), { describe, it, name: 'MemoryStore in real time' })
