import { describe, it } from 'vitest'
import { ManualClock, testStore } from '../../src/testing.js'
import { WEAK } from '../support/backends.js'

const clock = new ManualClock()

for (const { name, open } of WEAK)
  testStore(() => open(clock.now), { describe, it, clock, name, strong: false })
