import { join } from 'node:path'
import pg from 'pg'
import { freePort, Server } from './server.js'
import { ensure, type Tool } from './tools.js'

const tool = (name: string): Tool => ({
  names: [name],
  // Debian keeps the programs of every version apart, and off PATH.
  folders: '/usr/lib/postgresql/*/bin',
  package: 'postgresql',
  variable: 'TEST_POSTGRES_URL',
})
export const POSTGRES = tool('postgres')
const INITDB = tool('initdb')

/** A PostgreSQL of one's own. It keeps its data over a restart, but writes nothing for a power cut. */
export class PostgresServer extends Server {
  readonly url: string
  // SIGKILL would leave its other processes in the way of the next start.
  protected override readonly crash = 'SIGQUIT'

  private constructor(port: number) {
    super('postgres', port, { asRoot: false })
    this.url = `postgres://postgres@127.0.0.1:${port}/postgres`
  }

  static async start(): Promise<PostgresServer> {
    const initdb = ensure(INITDB)
    const server = new PostgresServer(await freePort())
    const options = ['--username', 'postgres', '--auth', 'trust', '--encoding', 'UTF8']
    server.run(initdb, '--pgdata', server.#data, '--no-sync', '--no-locale', ...options)
    await server.start()
    return server
  }

  get #data(): string {
    return join(this.folder, 'data')
  }

  protected command(): string[] {
    const settings = {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: this.folder,
      fsync: 'off',
      shared_buffers: '32MB',
      max_connections: '200',
    }
    const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    return [ensure(POSTGRES), '-D', this.#data, '-p', `${this.port}`, ...options]
  }

  protected async answers(): Promise<boolean> {
    const client = new pg.Client({ connectionString: this.url, connectionTimeoutMillis: 1000 })
    client.on('error', () => undefined)
    try {
      await client.connect()
      return true
    } catch {
      return false
    } finally {
      await client.end().catch(() => undefined)
    }
  }
}
