import type { Context } from 'koa'
import { SessionError, type SessionOptions } from '../../../src/index.js'
import { isTombstone } from '../../../src/record/tombstone.js'
import { type Answer, type App, open, signed } from './app.js'
import { demand, demandClean, describeErrors } from './demand.js'
import { dataIn, isObject, isOver, now, parsed, sorted } from './record-data.js'
import type { Shelf } from './shelves.js'

const DAY = 86_400_000
const PREFIX = 'koa:sess:'

/** The options under which records are read and written in different ways. */
export const MODES: { title: string; options: SessionOptions<SessionData> }[] = [
  { title: 'as it is', options: {} },
  { title: 'rolling', options: { rolling: true, defer: true } },
  { title: 'with an absolute timeout', options: { absoluteTimeout: DAY, rolling: true } },
  { title: 'with renew', options: { renew: 0.5 } },
]

export const DEEDS = [
  'read',
  'modify',
  'conflict',
  'save',
  'update',
  'login',
  'move',
  'logout',
  'replace',
] as const
export type Deed = (typeof DEEDS)[number]

const TOUCHED = '[["touched",1]]'
const touched = (data: string) => sorted({ ...Object.fromEntries(JSON.parse(data)), touched: 1 })

/** What is stored under the old id and under the new one after a request, by the data before it. */
const LEFT: Partial<Record<Deed, (data: string) => [string | undefined, string | undefined]>> = {
  read: (data) => [data, undefined],
  save: (data) => [data, undefined],
  modify: (data) => [touched(data), undefined],
  update: (data) => [touched(data), undefined],
  replace: () => [TOUCHED, undefined],
  login: () => [undefined, TOUCHED],
  move: (data) => [undefined, data === '[]' ? undefined : data],
  logout: () => [undefined, undefined],
}

let requests = 0

/** What holds for any value in a store: no error, no pollution, and no key of a record is lost. */
export class RecordOracle {
  readonly #shelf: Shelf
  readonly #app: App
  #key = ''
  #other = ''
  #seen: object = {}
  #prototype: object | null = null
  #plain: object | null | undefined

  constructor(shelf: () => Shelf, options: SessionOptions<SessionData>) {
    this.#shelf = shelf()
    const handlers = this.#handlers()
    const all = { ...options, now, store: this.#shelf.store }
    this.#app = open(all, (ctx) => handlers[deedOf(ctx.path)](ctx))
  }

  /** One request on a record with this value; `other` is what another request writes meanwhile. */
  async check(deed: Deed, value: string, other = ''): Promise<void> {
    this.#plain ??= await this.#plainPrototype()
    const { given, peek, drop } = this.#shelf
    const record = parsed(given(value))
    const data = dataIn(given(value))
    const { answer, old, id } = await this.#send(deed, value, other)
    const left = [old, id].map((each) => dataIn(each && peek(PREFIX + each)))
    for (const each of [old, id]) if (each) drop(PREFIX + each)
    if (data === undefined && isObject(record) && isKeeper(deed))
      return demand(answer.errors.every(isAboutData), describeErrors(answer.errors))
    demandDone(answer, isRefused(deed, given(value)))
    demand(this.#prototype === this.#plain, 'a session has another prototype')
    const isNone = !isObject(record) || isOver(given(value))
    if (isNone) demand(sorted(this.#seen) === '[]', 'a session was seen where there is none')
    if (isNone !== false || data === undefined) return
    demand(sorted(this.#seen) === data, 'other data were seen')
    const wanted = LEFT[deed]?.(data)
    if (wanted)
      demand(
        JSON.stringify(left) === JSON.stringify(wanted),
        'other data are stored than were written',
      )
    if (deed === 'logout') demand(id === '', 'a logout left the cookie')
  }

  /** A sealed store holds a value that was not sealed for this id: the handler sees no session. */
  async checkUnreadable(deed: Deed, value: string): Promise<void> {
    const { answer, old, id } = await this.#send(deed, value)
    for (const each of [old, id]) if (each) this.#shelf.drop(PREFIX + each)
    demandDone(answer, isRefused(deed, value))
    demand(sorted(this.#seen) === '[]', 'a session was seen where there is none')
  }

  close(): void {
    this.#app.close()
  }

  async #plainPrototype(): Promise<object | null> {
    await this.#send('read', 'nothing')
    return this.#prototype
  }

  /** `id`: that of the cookie in the answer, if there is one and it is another. */
  async #send(deed: Deed, value: string, other = '') {
    const old = `the-id-of-session-${requests++}`
    this.#key = PREFIX + old
    this.#other = other
    this.#seen = {}
    this.#shelf.store.calls.length = 0
    this.#shelf.put(this.#key, value)
    const answer = await this.#app.send(`/${deed}`, signed(old))
    demandClean()
    const deadlines = this.#shelf.store.calls
      .flatMap(({ args }) => args)
      .filter((each) => typeof each === 'number')
    demand(deadlines.every(Number.isSafeInteger), 'a deadline is no whole number')
    const sent = /^koa\.sid=([^;]*)/.exec(answer.cookies[0] ?? '')?.[1]
    return { answer, old, id: sent === old ? undefined : sent }
  }

  async #look(ctx: Context) {
    const current = await ctx.session
    this.#note(current)
    return current
  }

  #note(current: object): void {
    this.#prototype = Reflect.getPrototypeOf(current)
    this.#seen = { ...current }
  }

  #handlers(): Record<Deed, (ctx: Context) => unknown> {
    return {
      read: async (ctx) => void (await this.#look(ctx)).cookie,
      modify: async (ctx) => {
        const current = await this.#look(ctx)
        current.touched = 1
      },
      conflict: async (ctx) => {
        const current = await this.#look(ctx)
        current.touched = 1
        this.#shelf.put(this.#key, this.#other)
      },
      save: async (ctx) => {
        await this.#look(ctx)
        await ctx.saveSession()
      },
      update: (ctx) =>
        ctx.updateSession((draft) => {
          this.#note(draft)
          draft.touched = 1
        }),
      login: async (ctx) => {
        await this.#look(ctx)
        const current = await ctx.regenerateSession()
        current.touched = 1
      },
      move: async (ctx) => {
        await ctx.regenerateSession({ keep: Object.keys(await this.#look(ctx)) })
      },
      logout: async (ctx) => {
        await this.#look(ctx)
        ctx.session = null
      },
      replace: async (ctx) => {
        await this.#look(ctx)
        ctx.session = { touched: 1 }
      },
    }
  }
}

function deedOf(path: string): Deed {
  const deed = DEEDS.find((each) => path === `/${each}`)
  if (!deed) throw new Error(`${path} is no deed`)
  return deed
}

/** Those that keep data which JSON cannot write, and therefore fail. */
const isKeeper = (deed: Deed) => deed === 'update' || deed === 'move'
const isAboutData = (error: unknown) =>
  error instanceof SessionError && error.code === 'ERR_SESSION_DATA'

/** An update of a session that has ended rejects. */
const isRefused = (deed: Deed, value: string) => deed === 'update' && isTombstone(value)
const isEnded = (error: unknown) =>
  error instanceof SessionError && error.code === 'ERR_SESSION_ENDED'

function demandDone({ status, errors }: Answer, isRefused: boolean): void {
  // A tombstone whose time has passed is no session, and a new one may begin.
  const isRight =
    isRefused && status === 409 ? errors.every(isEnded) : status === 200 && errors.length === 0
  demand(isRight, `answered ${status}: ${describeErrors(errors)}`)
}
