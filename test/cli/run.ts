import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'tsdown'
import { afterAll, beforeAll } from 'vitest'

export const root = join(import.meta.dirname, '../..')
// Two levels below package.json, as the command is in the package.
const bundle = mkdtempSync(join(root, 'test/generated-'))
/** For the files of a test; commands run here by default. It has no drivers. */
export const folder = mkdtempSync(join(tmpdir(), 'koa-sess-command-'))

beforeAll(async () => {
  await build({
    config: false,
    entry: { 'koa-sess': join(root, 'src/cli/koa-sess.ts'), redis: join(root, 'src/redis.ts') },
    format: 'esm',
    platform: 'node',
    outDir: bundle,
    outExtensions: () => ({ js: '.mjs' }),
    dts: false,
    clean: false,
    logLevel: 'silent',
  })
}, 60_000)
afterAll(() => {
  rmSync(bundle, { recursive: true, force: true })
  rmSync(folder, { recursive: true, force: true })
})

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
    import { RedisStore } from ${JSON.stringify(join(bundle, 'redis.mjs'))}
    const client = new Cluster([{ host: '127.0.0.1', port: ${port} }])
    client.on('error', () => undefined)
    const store = new RedisStore({ client, commandTimeout: 200 })
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

/** The command, in a process of its own. */
export function run(args: string[], cwd = folder): Promise<Result> {
  return start(args, cwd).result
}

/** The command, in a process that can be killed. */
export function start(args: string[], cwd = folder): { kill(): void; result: Promise<Result> } {
  const command = [join(bundle, 'koa-sess.mjs'), ...args]
  let kill = () => {}
  const result = new Promise<Result>((resolve) => {
    const child = execFile(process.execPath, command, { cwd }, (error, out, err) =>
      resolve({ code: error ? error.code : 0, out, err }),
    )
    kill = () => void child.kill('SIGKILL')
  })
  return { kill, result }
}
