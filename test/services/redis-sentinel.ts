import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { RedisServer } from './redis.js'
import { ask, until } from './redis-cluster.js'

const SENTINELS = 3
const REPLICAS = 2
/** After which silence a sentinel takes a server for dead, in ms. */
const DOWN_AFTER_MS = 500
/** The same while the sentinels do not know each other: a failover in that time would not end. */
const DOWN_AFTER_AT_START_MS = 60_000

/** What Sentinel calls the primary and those that follow it. */
const GROUP = 'sessions'

/** A primary, two replicas, and three sentinels that watch them. */
export class RedisSentinels {
  readonly group = GROUP
  readonly servers: RedisServer[] = []
  readonly sentinels: RedisServer[] = []
  readonly #folder = mkdtempSync(join(tmpdir(), 'koa-sess-sentinel-'))

  private constructor() {
    process.once('exit', this.#cleanUp)
  }

  static async start(): Promise<RedisSentinels> {
    const group = new RedisSentinels()
    const { servers, sentinels } = group
    try {
      const primary = await RedisServer.start(['--repl-diskless-sync-delay', '0'])
      servers.push(primary)
      while (servers.length <= REPLICAS)
        servers.push(await RedisServer.start(['--replicaof', '127.0.0.1', `${primary.port}`]))
      // Sentinels learn of replicas from the primary: before it knows them, they look too late.
      await until('the replicas follow', async () =>
        (await followers(primary)).every((state) => state === 'online'),
      )
      while (sentinels.length < SENTINELS) await group.#watch(primary.port)
      await group.whole()
      await Promise.all(sentinels.map(setDownAfter))
      return group
    } catch (error) {
      await group[Symbol.asyncDispose]()
      throw error
    }
  }

  get nodes(): { host: string; port: number }[] {
    return this.sentinels.map(({ port }) => ({ host: '127.0.0.1', port }))
  }

  /** Whom the sentinels take for the primary now. */
  async primary(): Promise<RedisServer> {
    const [sentinel] = this.sentinels
    if (!sentinel) throw new Error('There are no sentinels')
    const told = await ask(sentinel, (client) =>
      client.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', GROUP),
    )
    const port = Number(Array.isArray(told) ? told[1] : 0)
    const server = this.servers.find((one) => one.port === port)
    if (!server) throw new Error('The sentinels know no primary')
    return server
  }

  /** Waits until all sentinels know all servers and each other, and the replicas follow. */
  async whole(): Promise<void> {
    await until('the sentinels know each other', async () => {
      const known = await Promise.all(
        this.sentinels.map((sentinel) => ask(sentinel, (client) => client.info('sentinel'))),
      )
      const all = new RegExp(`status=ok,.*slaves=${REPLICAS},sentinels=${SENTINELS}`)
      const states = await followers(await this.primary())
      if (known.every((text) => all.test(text)) && states.every((state) => state === 'online'))
        return true
      throw new Error([...known.map((text) => /^master0:.*$/m.exec(text)), ...states].join(' '))
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.sentinels, ...this.servers]
    await Promise.all(all.map((server) => server[Symbol.asyncDispose]()))
    process.off('exit', this.#cleanUp)
    this.#cleanUp()
  }

  async #watch(port: number): Promise<void> {
    // A sentinel keeps what it knows in a file, and does not run without one.
    const file = join(this.#folder, `${this.sentinels.length}.conf`)
    writeFileSync(
      file,
      [
        `sentinel monitor ${GROUP} 127.0.0.1 ${port} 2`,
        `sentinel down-after-milliseconds ${GROUP} ${DOWN_AFTER_AT_START_MS}`,
        `sentinel failover-timeout ${GROUP} 5000\n`,
      ].join('\n'),
    )
    this.sentinels.push(await RedisServer.start([file, '--sentinel']))
  }

  readonly #cleanUp = (): void => rmSync(this.#folder, { recursive: true, force: true })
}

async function setDownAfter(sentinel: RedisServer): Promise<void> {
  await ask(sentinel, (client) =>
    client.call('SENTINEL', 'SET', GROUP, 'down-after-milliseconds', `${DOWN_AFTER_MS}`),
  )
}

async function followers(primary: RedisServer): Promise<string[]> {
  const text = await ask(primary, (client) => client.info('replication'))
  const states = [...text.matchAll(/^slave\d+:.*state=(\w+)/gm)].map(([, state = '']) => state)
  return [...states, ...Array(Math.max(0, REPLICAS - states.length)).fill('missing')]
}
