import type { UserSessions } from '../../src/index.js'
import { Cluster, type ClusterOptions, PREFIX, random } from './cluster.js'

const USER = 'ada'

/** A login, and every session that comes from it. */
interface Login {
  browser: number
  /** The step at which its check began: that of its checkpoint, or else its end. */
  checkedAt: number
}

/** All sessions were ended, but those of one browser. */
interface Revocation {
  began: number
  except: number | undefined
}

/**
 * Browsers log in, rotate their ids, log out and end each other's sessions, over several processes
 * that crash and a store that fails. `problems` says what of the guarantee did not hold.
 */
export class World {
  readonly problems = new Set<string>()
  readonly #random: () => number
  readonly #max: number
  readonly cluster: Cluster
  readonly #jars: Map<string, string>[] = []
  /** The login of every id that a browser was sent. */
  readonly #logins = new Map<string, Login>()
  readonly #revocations: Revocation[] = []
  /** The step after which the lists were looked at last. */
  #lookedAt = -1

  constructor(seed: number, options: ClusterOptions) {
    this.#random = random(seed)
    this.#max = options.max
    this.cluster = new Cluster(this.#random, options)
  }

  async play(): Promise<void> {
    const actors = [
      ...Array.from({ length: 8 }, () => this.#visit()),
      ...Array.from({ length: 2 }, () => this.#endAll()),
      this.#endOne(),
    ]
    // A planned failure ends an actor, and one whose process died goes on no more.
    for (const actor of actors) actor.catch(() => undefined)
    await this.cluster.run(() => this.#lookAtLists())
    await this.#after()
    this.cluster.close()
  }

  /** Afterwards an operation finishes what crashes left, and then nothing is left. */
  async #after(): Promise<void> {
    await this.#probe((sessions) => sessions.list())
    const live = this.#told().filter((id) => this.#isLive(id))
    if (live.length > this.#max) this.problems.add(`${live.length} sessions live above the limit`)
    for (const revocation of this.#revocations) this.#lookAfter(revocation, 'later')
    await this.#probe((sessions) => sessions.endAll())
    if (this.#told().some((id) => this.#isLive(id))) this.problems.add('a session survives the end')
  }

  async #probe(work: (sessions: UserSessions) => Promise<unknown>): Promise<void> {
    // A planned failure may hit it: it is tried again, as a user would.
    for (let round = 0; round < 20; round++) {
      let outcome: 'done' | 'failed' | undefined
      const process = this.cluster.pick() ?? 0
      void this.cluster.outside(process, USER, work).then(
        () => {
          outcome = 'done'
        },
        () => {
          outcome = 'failed'
        },
      )
      await this.cluster.run(() => this.#lookAtLists())
      if (outcome === 'done') return
    }
    this.problems.add('no operation succeeds any more')
  }

  /** A browser. */
  async #visit(): Promise<void> {
    const browser = this.#jars.push(new Map()) - 1
    const chance = (limit: number) => this.#random() < limit
    if (chance(0.6)) await this.#send(browser, '/set')
    await this.#login(browser)
    for (let count = 0; count < 3; count++) {
      if (chance(0.3)) await this.#send(browser, '/rotate')
      if (chance(0.4)) await this.#send(browser, chance(0.5) ? '/set' : '/read')
      // Two requests of one browser at once.
      if (chance(0.2)) await Promise.all([this.#login(browser), this.#send(browser, '/leave-here')])
      if (chance(0.1)) await this.#endOthers(browser)
      if (chance(0.1)) await this.#send(browser, chance(0.5) ? '/logout' : '/leave-here')
      if (chance(0.1)) await this.#login(browser)
    }
  }

  async #login(browser: number): Promise<void> {
    const process = this.cluster.pick()
    if (process === undefined) return
    const dice = this.#random()
    if (dice < 0.5) {
      const read = (sessions: UserSessions) => sessions.checkpoint()
      const checkpoint = await this.cluster.outside(process, USER, read)
      const checkedAt = this.cluster.steps
      await this.#send(browser, `/login?checkpoint=${checkpoint}`, { browser, checkedAt })
    } else {
      const path = dice < 0.65 ? '/login' : dice < 0.85 ? '/login-here' : '/login-by-update'
      await this.#send(browser, path, { browser, checkedAt: Number.POSITIVE_INFINITY })
    }
  }

  /** Returns the status. `login`: what the ids belong to that come with the answer. */
  async #send(browser: number, path: string, login?: Login): Promise<number> {
    const process = this.cluster.pick()
    const jar = this.#jars[browser]
    if (process === undefined || !jar) return 0
    const before = jar.get('koa.sid')
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const reply = await this.cluster.request(process, path, cookie)
    for (const line of reply.cookies) {
      const [name = '', value = ''] = line.split(';', 1)[0]?.split('=') ?? []
      if (value) jar.set(name, value)
      else jar.delete(name)
    }
    if (reply.status !== 200) {
      // A login in the session that there is may have been stored, unless it was refused.
      const keepsId = before !== undefined && login?.checkedAt === Number.POSITIVE_INFINITY
      if (keepsId && reply.status >= 500)
        this.#logins.set(before, { ...login, checkedAt: this.cluster.steps })
      return reply.status
    }
    const after = reply.cookies.length > 0 ? jar.get('koa.sid') : before
    const known = before === undefined ? undefined : this.#logins.get(before)
    const made = login && { ...login, checkedAt: Math.min(login.checkedAt, this.cluster.steps) }
    const belongs = made ?? known
    if (after !== undefined && belongs) this.#logins.set(after, belongs)
    return reply.status
  }

  async #endAll(): Promise<void> {
    await this.#pause()
    const process = this.cluster.pick()
    if (process === undefined) return
    const began = this.cluster.steps
    await this.cluster.outside(process, USER, (sessions) => sessions.endAll())
    this.#revoked({ began, except: undefined })
  }

  async #endOthers(browser: number): Promise<void> {
    const began = this.cluster.steps
    if ((await this.#send(browser, '/end-others')) === 200)
      this.#revoked({ began, except: browser })
  }

  async #endOne(): Promise<void> {
    await this.#pause()
    const process = this.cluster.pick()
    if (process === undefined) return
    await this.cluster.outside(process, USER, async (sessions) => {
      const [newest] = await sessions.list()
      if (!newest) return
      await sessions.end(newest.handle)
      const left = (await sessions.list()).some(({ handle }) => handle === newest.handle)
      if (left) this.problems.add('one session was ended, and is listed')
    })
  }

  /** Some store calls of a list, so that the others are at different points. */
  async #pause(): Promise<void> {
    const process = this.cluster.pick()
    if (process === undefined) return
    const count = Math.floor(this.#random() * 8)
    await this.cluster.outside(process, USER, async (sessions) => {
      for (let done = 0; done < count; done++) await sessions.checkpoint()
    })
  }

  #revoked(revocation: Revocation): void {
    this.#revocations.push(revocation)
    this.#lookAfter(revocation, 'at once')
  }

  #lookAfter({ began, except }: Revocation, when: string): void {
    for (const [id, { browser, checkedAt }] of this.#logins)
      if (checkedAt <= began && browser !== except && this.#isLive(id))
        this.problems.add(`a login from before a revocation lives, ${when}`)
  }

  /** Whatever a browser can use is listed, at every moment. */
  #lookAtLists(): void {
    // Most turns of the schedule call no store.
    if (this.#lookedAt === this.cluster.steps) return
    this.#lookedAt = this.cluster.steps
    const listed = this.#listed()
    for (const id of this.#told())
      if (this.#isLive(id) && !listed.has(id)) this.problems.add('a usable session is not listed')
  }

  #told(): string[] {
    const ids = this.#jars.map((jar) => jar.get('koa.sid')).filter((id) => id !== undefined)
    return [...new Set([...ids, ...this.#logins.keys()])]
  }

  #isLive(id: string): boolean {
    const value: unknown = JSON.parse(this.cluster.store.load(PREFIX + id) ?? 'null')
    return typeof value === 'object' && value !== null && Reflect.get(value, 'user') === USER
  }

  #listed(): Set<string> {
    const { records } = this.cluster.store.scan(`${PREFIX}&`)
    const lists = records.map(({ value }) => JSON.parse(value))
    return new Set(lists.flatMap(({ live, ending }) => [...live, ...ending].map(({ key }) => key)))
  }
}
