// The cost of a million sessions in memory: bytes, garbage collection pauses, and expiry.
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { report } from './memory/report.mjs'
import { STORES } from './memory/stores.mjs'
import { Child } from './shared/child.mjs'
import { machine } from './shared/machine.mjs'
import { OUTPUT, publish } from './shared/publish.mjs'
import { summary } from './shared/statistics.mjs'

const { values: options } = parseArgs({
  options: {
    sessions: { type: 'string', default: '1000000' },
    seconds: { type: 'string', default: '3' },
    ...OUTPUT,
  },
})
const sessions = Number(options.sessions)
const seconds = Number(options.seconds)
const worker = fileURLToPath(new URL('memory/worker.mjs', import.meta.url))

const measured = []
let expiry
for (const name of Object.keys(STORES)) {
  const child = await Child.start(worker, [name, `${sessions}`], ['--expose-gc'])
  const { pauses, ...bytes } = await child.ask('fill')
  measured.push({ name, ...bytes, pauses: summary(pauses) })
  if (name === 'koa-sess') expiry = await child.ask('expire', seconds)
  await child.stop()
}
const versions = await machine(['koa-generic-session', 'express-session'])
await publish('memory', { ...versions, sessions, seconds, measured, expiry }, { report }, options)
