import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, inject, test } from 'vitest'
import { databaseUrl } from '../services/databases.js'
import {
  type Backend,
  ioredis,
  mysql,
  type Opened,
  postgres,
  sqliteAt,
} from '../support/backends.js'
import { type Bundle, bundle } from '../support/bundle.js'
import { temporaryFolder } from '../support/temporary.js'
import { CASES } from './cases.js'
import { Player } from './player.js'

let program: Bundle
beforeAll(async () => {
  program = await bundle(import.meta.dirname, 'process.ts')
}, 60_000)
afterAll(() => program.remove())

interface Mode {
  rolling: boolean
  defer: boolean
}
const PLAIN: Mode = { rolling: false, defer: false }
const ROLLING: Mode = { rolling: true, defer: true }

const file = temporaryFolder()('sessions.db')

// process.ts opens the store by its URL.
const SHARED: { backend: Backend; url: () => string | Promise<string>; modes: Mode[] }[] = [
  { backend: ioredis, url: () => inject('redisUrl'), modes: [PLAIN, ROLLING] },
  { backend: sqliteAt(file), url: () => `file:${file}`, modes: [ROLLING] },
  { backend: postgres, url: () => databaseUrl('postgres'), modes: [ROLLING] },
  { backend: mysql, url: () => databaseUrl('mysql'), modes: [ROLLING] },
]
const GAMES = SHARED.flatMap(({ modes, ...shared }) =>
  modes.map((mode) => ({ name: shared.backend.name, ...shared, ...mode })),
)

describe.each(GAMES)('two processes on one $name (rolling $rolling, defer $defer)', ({
  backend,
  url,
  rolling,
  defer,
}) => {
  let opened: Opened
  let children: ChildProcess[]
  let origins: string[]
  beforeAll(async () => {
    opened = await backend.open()
    const env = {
      ...process.env,
      STORE_URL: await url(),
      PREFIX: opened.prefix,
      ROLLING: String(rolling),
      DEFER: String(defer),
    }
    children = [fork(program.file, { env }), fork(program.file, { env })]
    const told = await Promise.all(children.map((child) => once(child, 'message')))
    origins = told.map(([origin]) => String(origin))
  }, 60_000)
  afterAll(async () => {
    await Promise.all(
      children.map((child) => {
        child.disconnect()
        return once(child, 'exit')
      }),
    )
    await opened.close()
  })

  test.each(Object.keys(CASES))('%s', async (name) => {
    for (const key of (await opened.records()).keys()) await opened.remove(key)
    const user = new Player(origins)
    await CASES[name]?.({
      user,
      parallel: 100,
      records: async () => (await opened.records()).size,
      expire: (id) => opened.remove(opened.prefix + id),
    })
    user.close()
  })
})
