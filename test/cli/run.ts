import { execFile } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { afterAll, beforeAll, vi } from 'vitest'
import { main } from '../../src/cli/main.js'
import type { Bundle } from '../support/bundle.js'
import { sharedBundle } from '../support/shared-bundle.js'
import { makeFolder } from '../support/temporary.js'

export const root = join(import.meta.dirname, '../..')
let command: Bundle
let files: ReturnType<typeof makeFolder>
/** For the files of a test; commands run here by default. It has no drivers. */
export let folder = ''

/** Builds the command before the tests of a file. */
export function useCommand(): void {
  beforeAll(async () => {
    files = makeFolder()
    folder = files.path
    command = await sharedBundle()
  })
  afterAll(() => {
    files.remove()
  })
}

export interface Data {
  records: Record<string, { value: string; expiresAt: number }>
  [fault: string]: unknown
}

/** A module whose default export is a store, and its file beside it. */
export function fileStore(name: string, data: Data, closes = false): string {
  const module = join(folder, `${name}.mjs`)
  const file = `${module}.json`
  writeFileSync(file, JSON.stringify(data))
  writeFileSync(
    module,
    `import { FileStore } from ${JSON.stringify(join(import.meta.dirname, 'file-store.mjs'))}
    const store = new FileStore(${JSON.stringify(file)})
    export default ${closes ? '{ store, close() {} }' : 'store'}`,
  )
  return module
}

export function read(module: string): Data {
  return JSON.parse(readFileSync(`${module}.json`, 'utf8'))
}

export function change(module: string, act: (data: Data) => unknown): void {
  const data = read(module)
  act(data)
  writeFileSync(`${module}.json`, JSON.stringify(data))
}

/** A module that opens a Cluster of ioredis, as the guide has it. */
export function clusterStore(name: string, port: number): string {
  const module = join(folder, `${name}.mjs`)
  writeFileSync(
    module,
    `import { Cluster } from ${JSON.stringify(createRequire(import.meta.url).resolve('ioredis'))}
    import { RedisStore } from ${JSON.stringify(join(command.folder, 'redis.mjs'))}
    const client = new Cluster([{ host: '127.0.0.1', port: ${port} }])
    client.on('error', () => undefined)
    const store = new RedisStore({ client, commandTimeout: 2000 })
    export default { store, close: () => client.quit() }`,
  )
  return module
}

/** Lets a store go on that holds a call of `create`. */
export function release(module: string): void {
  writeFileSync(`${module}.json.go`, '')
}

export interface Result {
  code: unknown
  out: string
  err: string
}

/**
 * Runs the command in this process, which takes a fraction of the time that a process takes to start.
 * The current directory and the console are those of the command meanwhile, so one runs at a time.
 */
export async function run(args: string[], cwd = folder): Promise<Result> {
  const printed = { out: '', err: '' }
  const note = (to: keyof typeof printed, end: string) => (text: unknown) => {
    printed[to] += `${text}${end}`
    return true
  }
  const spies = [
    vi.spyOn(console, 'log').mockImplementation(note('out', '\n')),
    vi.spyOn(console, 'error').mockImplementation(note('err', '\n')),
    vi.spyOn(process.stderr, 'write').mockImplementation(note('err', '')),
  ]
  const before = process.cwd()
  process.chdir(cwd)
  try {
    const code = await main(args)
    return { code, ...printed }
  } finally {
    process.chdir(before)
    for (const spy of spies) spy.mockRestore()
  }
}

/**
 * The command in a process of its own: for signals, for exit codes, and for what only Node itself loads,
 * such as drivers.
 */
export function runProcess(args: string[], cwd = folder): Promise<Result> {
  return start(args, cwd).result
}

/** The command, in a process that can be killed. */
export function start(args: string[], cwd = folder): { kill(): void; result: Promise<Result> } {
  const line = [command.file, ...args]
  let kill = () => {}
  const result = new Promise<Result>((resolve) => {
    const child = execFile(process.execPath, line, { cwd }, (error, out, err) =>
      resolve({ code: error ? error.code : 0, out, err }),
    )
    kill = () => void child.kill('SIGKILL')
  })
  return { kill, result }
}
