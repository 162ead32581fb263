import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
/** A process compiles the package, in ms. */
const TIME_LIMIT = 60_000

// Cloudflare's workerd refuses random numbers and timers before the first request.
it(
  'nothing random and no timer while modules load, and while a middleware is made',
  async () => {
    const args = ['--import', './bench/shared/typescript.mjs', 'test/unit/load-probe.mjs']
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root })
    expect(JSON.parse(stdout)).toEqual({ loading: [], making: [], firstId: ['randomFillSync'] })
  },
  TIME_LIMIT,
)
