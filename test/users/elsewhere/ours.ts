import { Cluster, PREFIX } from '../cluster.js'
import type { OpenWorld, UserWorld } from './world.js'

const NO_LIMIT = 1000

/** This package, with two processes on one store. */
class Ours implements UserWorld {
  readonly #cluster: Cluster
  /** The Cookie header of each id. */
  readonly #cookies = new Map<string, string>()
  #requests = 0

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  begin(): Promise<string> {
    return this.#cluster.outside(0, 'ada', (sessions) => sessions.checkpoint())
  }

  async login(begun?: string): Promise<string | undefined> {
    const query = begun === undefined ? '' : `?checkpoint=${begun}`
    const { cookies } = await this.#cluster.request(this.#process(), `/login${query}`, '')
    const pairs = cookies.map((line) => line.split(';', 1)[0] ?? '')
    const id = pairs.find((pair) => pair.startsWith('koa.sid='))?.slice('koa.sid='.length)
    if (id) this.#cookies.set(id, pairs.join('; '))
    return id || undefined
  }

  async refresh(id: string): Promise<void> {
    await this.#cluster.request(this.#process(), '/set', this.#cookies.get(id) ?? '')
  }

  async endAll(): Promise<void> {
    await this.#cluster.outside(1, 'ada', (sessions) => sessions.endAll())
  }

  isLive(id: string): boolean {
    const value: unknown = JSON.parse(this.#cluster.store.load(PREFIX + id) ?? 'null')
    return typeof value === 'object' && value !== null && Reflect.get(value, 'user') === 'ada'
  }

  isListed(id: string): boolean {
    const { records } = this.#cluster.store.scan(`${PREFIX}&`)
    const lists: { live: { key: string }[] }[] = records.map(({ value }) => JSON.parse(value))
    return lists.some(({ live }) => live.some(({ key }) => key === id))
  }

  run(): Promise<void> {
    return this.#cluster.run(() => undefined)
  }

  close(): void {
    this.#cluster.close()
  }

  /** In turn. */
  #process(): number {
    return this.#requests++ % 2
  }
}

export const ours: OpenWorld = ({ random, max = NO_LIMIT }) =>
  new Ours(new Cluster(random, { processes: 2, max, rolling: false, crash: 0, failure: 0 }))
