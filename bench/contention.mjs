// Many requests of one session that write at the same time, against as many sessions. See docs/performance.md.
import { parseArgs } from 'node:util'
import { CONTENDERS } from './contention/apps.mjs'
import { SCENARIOS, SETUPS } from './contention/cells.mjs'
import { plot, report } from './contention/report.mjs'
import { evaluate } from './contention/results.mjs'
import { compare } from './contention/rounds.mjs'
import { losses, missed } from './contention/targets.mjs'
import { machine } from './shared/machine.mjs'
import { OUTPUT, publish } from './shared/publish.mjs'

const FULL = {
  rounds: '3',
  seconds: '0.5',
  limit: '30',
  writers: '1,8,32,64,128,256',
  scenario: Object.keys(SCENARIOS),
  setup: Object.keys(SETUPS),
  contender: CONTENDERS,
}
/** About a minute. */
const QUICK = {
  ...FULL,
  rounds: '1',
  seconds: '0.3',
  limit: '5',
  writers: '1,8,64',
  scenario: ['modify'],
  setup: Object.keys(SETUPS).filter((name) => name !== 'PostgreSQL, 4 processes'),
  contender: ['koa-sess', 'koa-generic-session'],
}
const PACKAGES = ['koa', 'koa-session', 'koa-generic-session', 'koa-redis', 'express-session']
const STORES = ['@fastify/session', 'connect-redis', 'connect-pg-simple', 'ioredis', 'pg']

const { values: given } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    // Seconds that the last answers of a slice may take.
    limit: { type: 'string' },
    writers: { type: 'string' },
    scenario: { type: 'string', multiple: true },
    setup: { type: 'string', multiple: true },
    contender: { type: 'string', multiple: true },
    ...OUTPUT,
  },
})
const options = { ...(given.quick ? QUICK : FULL), ...given }
const rounds = Number(options.rounds)
const seconds = Number(options.seconds)

const { measured, servers } = await compare({
  ...{ rounds, seconds, limit: Number(options.limit), quick: options.quick },
  writers: options.writers.split(',').map(Number),
  scenarios: options.scenario,
  setups: options.setup,
  contenders: options.contender,
})
const entries = evaluate(measured)
const used = await machine([...PACKAGES, ...STORES], servers)
await publish('contention', { ...used, rounds, seconds, entries }, { report, plot }, options)
for (const line of missed(entries)) console.error(`Target missed: ${line}`)
for (const line of losses(entries)) {
  console.error(line)
  process.exitCode = 1
}
