import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { LiveSession } from '../../src/index.js'
import { kindOf, Process, type TestStore, testStore, Visitor } from './world.js'

// Random worlds: three processes on one store, whose messages to each other are all lost, as there are
// none. No connection may outlive its session by more than `recheck` and one turn of the checks, and
// none may end before its session does.

const RECHECK = 2000
const TTL = 9000
/** A turn of the checks, in ms. */
const TURN = RECHECK / 100 + 1
const [PROCESSES, USERS] = [3, 2]
const RUNS = Number(process.env.FC_RUNS ?? 60)
/** Many worlds on a machine that does other work, in ms. */
const TIMEOUT = 300_000
const SEED = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31)

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A session as the world knows it. */
interface Login {
  user: string
  visitor: Visitor
  /** When the store forgets it, in epoch ms. */
  deadline: number
  /** When and how it ended; undefined: it lives, or has expired. */
  end: { at: number; kind: string } | undefined
}

interface Opened {
  live: LiveSession<SessionData>
  login: Login
  process: Process
}

class World {
  readonly store: TestStore = testStore()
  readonly processes = Array.from({ length: PROCESSES }, () => this.#begin())
  readonly visitors = Array.from({ length: USERS }, () => new Visitor())
  readonly logins: (Login | undefined)[] = this.visitors.map(() => undefined)
  opened: Opened[] = []
  /** Until when the store was away last, in epoch ms. */
  awayUntil = 0
  checked = 0

  #begin(): Process {
    return new Process({
      store: this.store,
      recheck: RECHECK,
      ttl: TTL,
      tombstone: 2 * RECHECK,
      users: { of: ({ user }) => user },
    })
  }

  /** The login of a visitor that has not ended. */
  alive(at: number): Login | undefined {
    const login = this.logins[at]
    return login && !login.end && login.deadline > Date.now() ? login : undefined
  }

  async play({ kind, where, who, ms }: Step): Promise<void> {
    const process = this.processes[where] ?? this.#begin()
    const visitor = this.visitors[who] ?? new Visitor()
    const user = `user ${who}`
    const login = this.alive(who)
    switch (kind) {
      case 'login':
        await process.login(visitor, user)
        this.#end(login, 'moved', process)
        this.logins[who] = { user, visitor, deadline: Date.now() + TTL, end: undefined }
        return
      case 'logout':
        if (login) await process.logout(visitor)
        return this.#end(login, 'ended', process)
      case 'end all':
        await process.sessions.of(user).endAll()
        return this.#end(login, 'ended', process)
      case 'open':
        return this.#open(process, visitor, login)
      case 'close':
        for (const { live } of this.opened.splice(ms % (this.opened.length + 1), 1)) live.close()
        return
      case 'update': {
        const own = this.opened.find((each) => each.login === login && each.process === process)
        if (!login || !own || own.live.signal.aborted) return
        await own.live.update((draft) => {
          draft.x = ms
        })
        login.deadline = Date.now() + TTL
        return
      }
      case 'crash':
        // Nothing is closed: its connections are lost, and its timers fire no more.
        this.opened = this.opened.filter((each) => each.process !== process)
        process.sessions.close()
        this.processes[where] = this.#begin()
        return
      case 'outage':
        this.store.isAway = true
        await vi.advanceTimersByTimeAsync(ms)
        this.store.isAway = false
        this.awayUntil = Date.now()
        return
      case 'wait':
        await vi.advanceTimersByTimeAsync(ms)
    }
  }

  async #open(process: Process, visitor: Visitor, login: Login | undefined): Promise<void> {
    const live = await process.open(visitor)
    expect(live !== undefined, 'opened').toBe(login !== undefined)
    if (live && login) this.opened.push({ live, login, process })
  }

  /** In the process that ends a session, its connections end at once. */
  #end(login: Login | undefined, kind: string, process: Process): void {
    if (!login) return
    login.end = { at: Date.now(), kind }
    for (const each of this.opened)
      if (each.login === login && each.process === process) expect(kindOf(each.live)).toBe(kind)
  }

  /** What holds at every moment. */
  check(): void {
    const now = Date.now()
    this.opened = this.opened.filter(({ live, login }) => {
      const { end, deadline } = login
      const endedAt = end?.at ?? deadline
      const kind = kindOf(live)
      if (kind === undefined) {
        const late = now - Math.max(endedAt, this.awayUntil)
        expect(late, 'outlived its session, in ms').toBeLessThanOrEqual(RECHECK + TURN)
        return true
      }
      this.checked++
      expect(endedAt, `${kind} before its session ended`).toBeLessThanOrEqual(now)
      // Without a check since an outage, the mark of an end may be gone.
      const checkedAt = this.awayUntil + RECHECK + TURN
      if (checkedAt < endedAt) expect(kind).toBe(end?.kind ?? 'expired')
      return false
    })
  }

  close(): void {
    for (const { sessions } of this.processes) sessions.close()
  }
}

const KINDS = [
  'login',
  'logout',
  'end all',
  'open',
  'close',
  'update',
  'crash',
  'outage',
  'wait',
] as const

interface Step {
  kind: (typeof KINDS)[number]
  where: number
  who: number
  ms: number
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(...KINDS, 'login', 'open', 'open', 'open', 'wait'),
  where: fc.nat(PROCESSES - 1),
  who: fc.nat(USERS - 1),
  ms: fc.nat(1.5 * RECHECK),
})

test(
  `no connection outlives its session by more than recheck and a turn (seed ${SEED})`,
  async () => {
    let checked = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 40 }), async (steps) => {
        const world = new World()
        for (const each of steps) {
          await world.play(each)
          world.check()
        }
        for (let at = 0; at < 12; at++) {
          await vi.advanceTimersByTimeAsync(RECHECK / 2)
          world.check()
        }
        expect(world.opened.filter(({ live }) => !live.signal.aborted)).toEqual([])
        expect(world.store.isAway).toBe(false)
        world.close()
        expect(vi.getTimerCount()).toBe(0)
        checked += world.checked
      }),
      { seed: SEED, numRuns: RUNS },
    )
    // Otherwise the worlds showed nothing.
    expect(checked).toBeGreaterThan(RUNS / 2)
  },
  TIMEOUT,
)
