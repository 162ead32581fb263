#!/usr/bin/env node
import { main } from './main.js'

/** How long a client that could not be closed may keep the process alive, in ms. */
const EXIT_TIMEOUT = 100

process.exitCode = await main(process.argv.slice(2))
setTimeout(() => process.exit(), EXIT_TIMEOUT).unref()
