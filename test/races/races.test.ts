import { afterAll, afterEach, beforeAll, beforeEach, describe, test } from 'vitest'
import { type Opened, SOME } from '../support/backends.js'
import { CASES } from './cases.js'
import { Player } from './player.js'
import { type StepsSite, serveSteps } from './steps.js'

const MODES = [
  { rolling: false, defer: false },
  { rolling: true, defer: false },
  { rolling: false, defer: true },
  { rolling: true, defer: true },
]

describe.each(SOME)('$name', ({ open }) => {
  describe.each(MODES)('rolling $rolling, defer $defer', (mode) => {
    let opened: Opened
    let site: StepsSite
    let user: Player
    beforeAll(async () => {
      opened = await open()
    })
    beforeEach(async () => {
      site = await serveSteps({ store: opened.store, prefix: opened.prefix, ...mode })
      user = new Player([site.origin])
      for (const key of (await opened.records()).keys()) await opened.remove(key)
    })
    afterEach(async () => {
      user.close()
      await site.close()
    })
    afterAll(() => opened.close())

    test.each(Object.keys(CASES))('%s', (name) =>
      CASES[name]?.({
        user,
        records: async () => (await opened.records()).size,
        expire: (id) => opened.remove(opened.prefix + id),
      }))
  })
})
