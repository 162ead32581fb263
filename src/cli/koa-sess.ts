#!/usr/bin/env node
import { main } from './main.js'
import { reasonOf } from './reason.js'

/** How long a client that could not be closed may keep the process alive, in ms. */
const EXIT_TIMEOUT = 100
/** The exit code that Node sets where nothing is left that could finish the work. */
const UNFINISHED = 13

// A client of a module may fail outside of any call.
process.on('uncaughtException', (error) => {
  console.error(`koa-sess: ${reasonOf(error)}`)
  process.exit(1)
})
process.on('exit', () => {
  if (process.exitCode !== undefined && process.exitCode !== UNFINISHED) return
  console.error('koa-sess: a store stopped answering')
  process.exitCode = 1
})
// The command says by itself why a store failed: the warning of a store would say it in other words.
process.removeAllListeners('warning')
process.on('warning', (warning) => {
  if (!('code' in warning) || warning.code !== 'KOA_SESS_REDIS_ERROR') console.error(`${warning}`)
})
process.exitCode = await main(process.argv.slice(2))
setTimeout(() => process.exit(), EXIT_TIMEOUT).unref()
