import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestProject } from 'vitest/node'
import { MariadbServer } from './mariadb.js'
import { PostgresServer } from './postgres.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** Ask here for `/postgres` or `/mysql` and hear its URL: see `databaseUrl`. */
    databases: string
  }
}

type Url = { url: string; stop?: () => Promise<void> }

async function started(Kind: typeof PostgresServer | typeof MariadbServer): Promise<Url> {
  const server = await Kind.start()
  return { url: server.url, stop: () => server[Symbol.asyncDispose]() }
}

const preset = (url: string | undefined): Url | undefined => (url ? { url } : undefined)

const DATABASES: Record<string, () => Url | Promise<Url>> = {
  '/postgres': () => preset(process.env.TEST_POSTGRES_URL) ?? started(PostgresServer),
  '/mysql': () => preset(process.env.TEST_MYSQL_URL) ?? started(MariadbServer),
}

/** One of each for all tests of a run, started by the first test that asks for it. */
export default async function setup(project: TestProject) {
  const running = new Map<string, Promise<Url>>()
  const start = (path: string): Promise<Url> => {
    const asked = running.get(path) ?? Promise.resolve(DATABASES[path]?.() ?? { url: '' })
    running.set(path, asked)
    return asked
  }
  const desk = createServer((request, response) => {
    start(request.url ?? '').then(
      ({ url }) => response.end(url),
      (error) => response.writeHead(500).end(String(error)),
    )
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => desk.once('listening', resolve))
  project.provide('databases', `http://127.0.0.1:${(desk.address() as AddressInfo).port}`)
  return async () => {
    desk.close()
    for (const { stop } of await Promise.all(running.values())) await stop?.()
  }
}
