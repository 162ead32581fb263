import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { blocks, withFile } from './guide.js'

const run = promisify(execFile)
const url = (path: string) => pathToFileURL(join(import.meta.dirname, '../..', path)).href
const LOADER = url('bench/shared/typescript.mjs')
const SUITE = url('src/testing.ts')

/** Node loads the sources as TypeScript, in ms. */
const SLOW = 120_000

test.each(['## A whole store, and its test', '## An embedded database'])(
  'the suite passes: %s',
  async (heading) => {
    const [code] = blocks('docs/write-a-store.md', heading, 'js')
    const name = heading.toLowerCase().replace(/\W+/g, '-')
    const program = code?.replace('koa-sess/testing', SUITE)
    const { stdout } = await withFile(`store${name}`, program, (file) =>
      run(process.execPath, ['--import', LOADER, '--test-reporter=tap', file]),
    )
    expect(stdout).toMatch(/^# fail 0$/m)
    expect(Number(/^# pass (\d+)$/m.exec(stdout)?.[1])).toBeGreaterThan(50)
  },
  SLOW,
)
