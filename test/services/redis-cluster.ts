import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { RedisServer } from './redis.js'
import { freePort } from './server.js'

// Each server listens for the end of this process, and a cluster is six.
process.setMaxListeners(100)

const SLOTS = 16_384
const PRIMARIES = 3
const READY_MS = 45_000
const OPTIONS = [
  ['--cluster-enabled', 'yes'],
  ['--cluster-node-timeout', '500'],
  // A replica starts to copy at once, and a test need not wait for it.
  ['--repl-diskless-sync-delay', '0'],
].flat()

/** A primary with its slots, as a node sees it. */
interface Shard {
  from: number
  to: number
  port: number
}

/** Three primaries and a replica of each, on free loopback ports. */
export class RedisCluster {
  readonly servers: RedisServer[] = []
  /** The ports that the nodes talk to each other on. */
  readonly #buses: number[] = []

  static async start(): Promise<RedisCluster> {
    const cluster = new RedisCluster()
    try {
      while (cluster.servers.length < 2 * PRIMARIES) await cluster.#add()
      await cluster.#join()
      return cluster
    } catch (error) {
      await cluster[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Where clients begin. */
  get nodes(): { host: string; port: number }[] {
    return this.servers.map(({ port }) => ({ host: '127.0.0.1', port }))
  }

  get urls(): string[] {
    return this.servers.map(({ url }) => url)
  }

  /** The primaries and their slots, as the first node that answers sees them. */
  async shards(): Promise<Shard[]> {
    const ranges = await this.#first((client) => client.cluster('SLOTS'))
    return ranges.map(([from, to, primary]) => ({
      from: Number(from),
      to: Number(to),
      port: Number(Array.isArray(primary) ? primary[1] : 0),
    }))
  }

  /** The server that holds a slot now. */
  async primaryOf(slot: number): Promise<RedisServer> {
    const shard = (await this.shards()).find(({ from, to }) => from <= slot && slot <= to)
    const server = this.servers.find(({ port }) => port === shard?.port)
    if (!server) throw new Error(`Nobody has slot ${slot}`)
    return server
  }

  /** The server that follows a primary. */
  async replicaOf(primary: RedisServer): Promise<RedisServer> {
    const id = await idOf(primary)
    // One line for each node: id, address, flags, and whom it follows.
    const nodes = (await nodesSeenBy(primary)).split('\n').map((line) => line.split(' '))
    const address = nodes.find(([, , , followed]) => followed === id)?.[1]
    const server = this.servers.find(({ port }) => address?.startsWith(`127.0.0.1:${port}@`))
    if (!server) throw new Error('Nobody follows this primary')
    return server
  }

  /** Waits until every slot is served and every primary has a replica that follows it. */
  async whole(): Promise<void> {
    await until('the cluster is whole', async () => {
      const states = await Promise.all(this.servers.map((server) => this.#isWhole(server)))
      return states.every(Boolean)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.servers.map((server) => server[Symbol.asyncDispose]()))
  }

  async #add(): Promise<void> {
    // Usually the bus takes the port 10,000 above, which need not exist.
    const bus = await freePort()
    this.servers.push(await RedisServer.start([...OPTIONS, '--cluster-port', `${bus}`]))
    this.#buses.push(bus)
  }

  async #join(): Promise<void> {
    const [first] = this.servers
    const [bus] = this.#buses
    const share = Math.ceil(SLOTS / PRIMARIES)
    for (const [at, server] of this.servers.entries()) {
      await ask(server, async (client) => {
        await client.call('CLUSTER', 'SET-CONFIG-EPOCH', `${at + 1}`)
        const to = Math.min((at + 1) * share, SLOTS) - 1
        if (at < PRIMARIES) await client.call('CLUSTER', 'ADDSLOTSRANGE', `${at * share}`, `${to}`)
        if (at > 0) await client.call('CLUSTER', 'MEET', '127.0.0.1', `${first?.port}`, `${bus}`)
      })
    }
    for (const [at, server] of this.servers.entries()) {
      const primary = this.servers[at - PRIMARIES]
      if (!primary) continue
      const id = await idOf(primary)
      await until('the nodes know each other', async () => (await nodesSeenBy(server)).includes(id))
      await ask(server, (client) => client.call('CLUSTER', 'REPLICATE', id))
    }
    await this.whole()
  }

  async #isWhole(server: RedisServer): Promise<boolean> {
    const [state, role, seen] = await ask(server, async (client) => [
      await client.cluster('INFO'),
      await client.info('replication'),
      await client.call('CLUSTER', 'NODES'),
    ])
    const healthy = `${state}`.includes('cluster_state:ok') && !/fail|handshake/.test(`${seen}`)
    const [lines, replicas] = [/$/gm, /slave/g].map((each) => `${seen}`.trim().match(each)?.length)
    const follows = /role:slave[\s\S]*master_link_status:up/.test(`${role}`)
    const followed = /role:master\s+connected_slaves:[1-9][\s\S]*state=online/.test(`${role}`)
    const known = lines === this.servers.length && replicas === this.servers.length - PRIMARIES
    return healthy && known && (follows || followed)
  }

  async #first<T>(question: (client: Redis) => Promise<T>): Promise<T> {
    for (const server of this.servers) {
      try {
        return await ask(server, question)
      } catch {
        // The next one may be alive.
      }
    }
    throw new Error('No node of the cluster answers')
  }
}

export async function idOf(server: RedisServer): Promise<string> {
  return String(await ask(server, (client) => client.call('CLUSTER', 'MYID')))
}

async function nodesSeenBy(server: RedisServer): Promise<string> {
  return String(await ask(server, (client) => client.call('CLUSTER', 'NODES')))
}

/** Asks one server on a connection of its own, at once or not at all. */
export async function ask<T>(
  server: { port: number },
  question: (client: Redis) => Promise<T>,
): Promise<T> {
  const client = new Redis(server.port, '127.0.0.1', {
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    connectTimeout: 1000,
    // A server that still loads has its answers too.
    enableReadyCheck: false,
    commandTimeout: 3000,
  })
  client.on('error', () => undefined)
  try {
    return await question(client)
  } finally {
    client.disconnect()
  }
}

/** Waits until something holds: servers settle in their own time. What `holds` throws says why it does not. */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + READY_MS
  let reason: unknown
  const note = (error: unknown) => {
    reason = error
    return false
  }
  while (!(await holds().catch(note))) {
    if (Date.now() > deadline)
      throw new Error(`Waited in vain until ${what}: ${reason}`, { cause: reason })
    await sleep(20)
  }
}
