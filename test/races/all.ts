import { afterAll, afterEach, beforeAll, beforeEach, describe, test } from 'vitest'
import type { Backend, Opened } from '../support/backends.js'
import { hashed } from '../support/hashed.js'
import { CASES } from './cases.js'
import type { Mode } from './modes.js'
import { Player } from './player.js'
import { type StepsSite, serveSteps } from './steps.js'

/** Defines every race, in each mode, on one store. */
export function playAll(open: Backend['open'], modes: readonly Mode[]): void {
  const cases = modes.map((mode, at) => ({ ...mode, parallel: at === 0 ? 100 : 20 }))
  describe.each(
    cases,
  )('rolling $rolling, defer $defer, strict $strict.hashIds, users $users.max', ({
    strict,
    parallel,
    ...mode
  }) => {
    let opened: Opened
    let site: StepsSite
    let user: Player
    beforeAll(async () => {
      opened = await open()
      site = await serveSteps({ store: opened.store, prefix: opened.prefix, ...mode, ...strict })
    })
    beforeEach(async () => {
      site.reset()
      user = new Player([site.origin], site.gates)
      for (const key of (await opened.records()).keys()) await opened.remove(key)
    })
    afterEach(() => user.close())
    afterAll(async () => {
      await site.close()
      await opened.close()
    })

    test.each(Object.keys(CASES))('%s', (name) =>
      CASES[name]?.({
        user,
        parallel,
        records: async () =>
          [...(await opened.records()).keys()].filter((key) => !key.includes('&')).length,
        expire: (id) => opened.remove(opened.prefix + (strict ? hashed(id) : id)),
      }))
  })
}
