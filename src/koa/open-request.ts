import type { Context } from 'koa'
import type { SessionApp, SessionHookOptions } from '../options/session-options.js'
import type { LoadedRecord } from '../record/records.js'
import type { StoreFailure } from '../record/store-guard.js'
import { isId } from '../session/id.js'
import type { Session } from '../session/session.js'
import type { Presented, SessionRequest } from '../session/transport.js'
import type { Awaitable } from '../util/async.js'
import { SessionError } from '../util/errors.js'
import type { EventDetails, Events, SessionEvent } from '../util/events.js'
import type { IdReader, Incoming, PresentedCookie } from './id-transport.js'
import type { OpeningRequest } from './open-options.js'
import { SilentTransport } from './silent-transport.js'

/** What the requests that begin connections share. */
export interface OpenSettings {
  hooks: SessionHookOptions
  events: Events
  /** undefined: the option `sessionIdStore` carries ids. */
  reader: IdReader | undefined
  /** The application; undefined: not known yet. */
  app(): SessionApp | undefined
}

/** A request that begins a connection: its session is read, and nothing is sent. */
export class OpenRequest extends SilentTransport implements SessionRequest, Incoming {
  readonly #req: OpeningRequest
  readonly #settings: OpenSettings
  readonly #findId: (() => Awaitable<unknown>) | undefined
  #context: Context | undefined
  presentedCookie: PresentedCookie | undefined

  /** `findId`: finds the id, with the option `sessionIdStore`. */
  constructor(
    req: OpeningRequest,
    settings: OpenSettings,
    findId: (() => Awaitable<unknown>) | undefined,
  ) {
    super()
    this.#req = req
    this.#settings = settings
    this.#findId = findId
  }

  get cookieHeader(): string | undefined {
    return this.#req.headers.cookie
  }

  /** @throws {SessionError} ERR_SESSION_CONTEXT */
  get keys(): unknown {
    return this.#app.keys
  }

  async presented(): Promise<Presented | undefined> {
    if (!this.#findId) return this.#settings.reader?.present(this)
    const id = await this.#findId()
    return isId(id) ? { id, stale: false } : undefined
  }

  others(id: string): readonly Presented[] {
    return this.#settings.reader?.others(this, id) ?? []
  }

  /**
   * How the connection writes its session later, over a record. The request stays in memory only where
   * hooks get a context of it.
   */
  get writing(): (record: LoadedRecord) => SessionRequest {
    const { hooks, events } = this.#settings
    return writingRequests(events, hooks.beforeSave || hooks.describe ? this : undefined)
  }

  async isValid(session: Session): Promise<boolean> {
    const { valid } = this.#settings.hooks
    return Boolean(await valid?.call(this.#ctx, this.#ctx, session))
  }

  async beforeSave(session: Session): Promise<void> {
    const { beforeSave } = this.#settings.hooks
    await beforeSave?.call(this.#ctx, this.#ctx, session)
  }

  describe(): unknown {
    const { describe } = this.#settings.hooks
    return describe?.call(this.#ctx, this.#ctx)
  }

  /** The application decides at `open` and `update` what a failure means. */
  handleStoreFailure({ error }: StoreFailure): never {
    throw error
  }

  emit(event: SessionEvent, details: EventDetails = {}): void {
    const { events, app } = this.#settings
    if (app()) events.emit(this.#ctx, event, details)
    else events.publish(event, details)
  }

  /** A context of this request for hooks and listeners. What is set on its answer is not sent. */
  get #ctx(): Context {
    this.#context ??= contextOf(this.#app, this.#req)
    return this.#context
  }

  get #app(): SessionApp {
    const app = this.#settings.app()
    if (app) return app
    throw new SessionError(
      'ERR_SESSION_CONTEXT',
      'sessions.open() does not know the application, whose keys verify the cookie, as no request was served yet: set the option app',
    )
  }
}

/** Koa's types name the requests of HTTP/1 alone, and Koa serves those of HTTP/2 as well. */
interface ContextFactory {
  createContext(req: object, res: object): Context
}

function contextOf(app: ContextFactory, req: OpeningRequest): Context {
  // Not imported: an import reads all that the module exports, and so loads WebSocket, for 20 ms at the start.
  const { ServerResponse } = process.getBuiltinModule('node:http')
  // The constructor's type takes requests of HTTP/1 alone.
  return app.createContext(req, Reflect.construct(ServerResponse, [req]))
}

/** Apart, as a closure would keep all that is in the scope around it. */
function writingRequests(events: Events, request: OpenRequest | undefined) {
  return (record: LoadedRecord) => new WritingRequest(record, events, request)
}

/** Writes the session of a connection over a record. */
class WritingRequest extends SilentTransport implements SessionRequest {
  readonly #record: LoadedRecord
  readonly #events: Events
  readonly #request: OpenRequest | undefined

  /** `request`: undefined where no hook needs it. */
  constructor(record: LoadedRecord, events: Events, request: OpenRequest | undefined) {
    super()
    this.#record = record
    this.#events = events
    this.#request = request
  }

  presented(): Presented {
    return { id: this.#record.id, stale: false, record: this.#record }
  }

  others(): readonly Presented[] {
    return []
  }

  /** It was valid when the connection began. */
  isValid(): boolean {
    return true
  }

  async beforeSave(session: Session): Promise<void> {
    await this.#request?.beforeSave(session)
  }

  describe(): unknown {
    return this.#request?.describe()
  }

  handleStoreFailure({ error }: StoreFailure): never {
    throw error
  }

  emit(event: SessionEvent, details: EventDetails = {}): void {
    this.#events.publish(event, details)
  }
}
