import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestProject } from 'vitest/node'
import { MARIADB, MariadbServer } from './mariadb.js'
import { POSTGRES, PostgresServer } from './postgres.js'
import type { Server } from './server.js'
import { installMissing, type Tool } from './tools.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** Answers `/postgres` and `/mysql` with the URL of the database: see `databaseUrl`. */
    databases: string
  }
}

interface Database {
  /** The variable that names one that runs already. */
  variable: string
  tool: Tool
  start(): Promise<Server & { url: string }>
}

const DATABASES: Record<string, Database> = {
  '/postgres': {
    variable: 'TEST_POSTGRES_URL',
    tool: POSTGRES,
    start: () => PostgresServer.start(),
  },
  '/mysql': { variable: 'TEST_MYSQL_URL', tool: MARIADB, start: () => MariadbServer.start() },
}

/** One of each for all tests of a run, started by the first test that asks for it. */
export default async function setup(project: TestProject) {
  const missing = Object.values(DATABASES).filter(({ variable }) => !process.env[variable])
  // Before the tests, as none of them has the time for it.
  installMissing(...missing.map(({ tool }) => tool))
  const running = new Map<string, Promise<Server & { url: string }>>()
  const urlOf = async (path: string): Promise<string> => {
    const database = DATABASES[path]
    if (!database) throw new Error(`${path} is no database`)
    const preset = process.env[database.variable]
    if (preset) return preset
    const server = running.get(path) ?? database.start()
    running.set(path, server)
    return (await server).url
  }
  const desk = createServer((request, response) => {
    // A connection kept open could end just as the next test asks.
    response.setHeader('Connection', 'close')
    urlOf(request.url ?? '').then(
      (url) => response.end(url),
      (error) => response.writeHead(500).end(String(error)),
    )
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => desk.once('listening', resolve))
  project.provide('databases', `http://127.0.0.1:${(desk.address() as AddressInfo).port}`)
  return async () => {
    desk.close()
    for (const server of await Promise.all(running.values())) await server[Symbol.asyncDispose]()
  }
}
