import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
/** A process compiles the package, and serves requests, in ms. */
const TIME_LIMIT = 60_000
/** A watch with a closure for each answer retained 1,900 bytes. */
const MAX_BYTES = 500

it(
  'requests over one connection are not retained until a full collection',
  async () => {
    const args = ['--import', './bench/shared/typescript.mjs', 'test/unit/requests-probe.mjs']
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root })
    expect(Number(stdout)).toBeLessThan(MAX_BYTES)
  },
  TIME_LIMIT,
)
