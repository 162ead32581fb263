import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { freePort, Server } from './server.js'
import { ensure, type Tool } from './tools.js'

const tool = (name: string): Tool => ({
  names: [name],
  folders: '/usr/sbin',
  package: 'mariadb-server-core mariadb-client-core',
  variable: 'TEST_MYSQL_URL',
})
export const MARIADB = tool('mariadbd')
const INSTALL = tool('mariadb-install-db')

/** A MariaDB of one's own. It keeps its data over a restart, but writes nothing for a power cut. */
export class MariadbServer extends Server {
  readonly url: string

  private constructor(port: number) {
    super('mariadb', port, { asRoot: false })
    this.url = `mysql://root@127.0.0.1:${port}/test`
  }

  static async start(): Promise<MariadbServer> {
    const install = ensure(INSTALL)
    const server = new MariadbServer(await freePort())
    const options = ['--auth-root-authentication-method=normal', '--skip-name-resolve']
    server.run(install, '--no-defaults', `--datadir=${server.#data}`, ...options)
    await server.start()
    return server
  }

  get #data(): string {
    return join(this.folder, 'data')
  }

  protected command(): string[] {
    const settings = {
      datadir: this.#data,
      port: this.port,
      'bind-address': '127.0.0.1',
      socket: join(this.folder, 'socket'),
      'innodb-flush-log-at-trx-commit': 2,
      'innodb-flush-method': 'nosync',
      'innodb-buffer-pool-size': '32M',
      'max-connections': 200,
    }
    const options = Object.entries(settings).map(([name, value]) => `--${name}=${value}`)
    return [ensure(MARIADB), '--no-defaults', '--skip-name-resolve', '--skip-log-bin', ...options]
  }

  protected async answers(): Promise<boolean> {
    try {
      const client = await createConnection(this.url)
      await client.end()
      return true
    } catch {
      return false
    }
  }
}
