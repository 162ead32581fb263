import {
  Connections,
  type ConnectionsOptions,
  type ConnectionUse,
} from '../connections/connections.js'
import type { LiveSession } from '../connections/live-session.js'
import type { SessionApp } from '../options/session-options.js'
import type { LoadedRecord } from '../record/records.js'
import type { SessionRequest } from '../session/transport.js'
import { SessionError } from '../util/errors.js'
import type { IdReader } from './id-transport.js'
import type { OpeningRequest, OpenOptions } from './open-options.js'
import { OpenRequest, type OpenSettings } from './open-request.js'

/** What connections need beside what every request does. */
export interface Holding
  extends Pick<ConnectionsOptions, 'held' | 'keyOf' | 'recheck' | 'tombstoneTtl'> {
  /** undefined: the option `sessionIdStore` carries ids. */
  reader: IdReader | undefined
  /** The option. */
  app: SessionApp | undefined
}

export interface OpenerOptions extends Pick<OpenSettings, 'hooks' | 'events'>, Holding {
  /** Makes the session of a request. */
  begin(request: SessionRequest): ConnectionUse
  records: ConnectionsOptions['records']
  lifetime: { isOver: ConnectionsOptions['isOver'] }
}

/** `sessions.open()` of one middleware. */
export class SessionOpener {
  readonly connections: Connections
  readonly #begin: OpenerOptions['begin']
  readonly #settings: OpenSettings
  #seenApp: SessionApp | undefined

  constructor({ hooks, reader, app, begin, lifetime, ...holding }: OpenerOptions) {
    const { events } = holding
    this.connections = new Connections({
      ...holding,
      isOver: (record) => lifetime.isOver(record),
      onFailure: (count) => events.publish('recheck:failed', { count }),
    })
    this.#begin = begin
    this.#settings = { hooks, events, reader, app: () => app ?? this.#appOfRequests() }
  }

  /** A request of this application was served. */
  noteApp(app: SessionApp): void {
    this.#seenApp ??= app
  }

  #appOfRequests(): SessionApp | undefined {
    if (this.#seenApp) warnOfMissingApp()
    return this.#seenApp
  }

  /** @throws {SessionError} ERR_SESSION_OPTION, ERR_SESSION_CONTEXT, ERR_SESSION_KEYS; what the store throws. */
  async open<Request extends OpeningRequest>(
    req: Request,
    { extend = false, id, ...rest }: OpenOptions<Request> = {},
  ): Promise<LiveSession<object> | undefined> {
    const { reader } = this.#settings
    const [unknown] = Object.keys(rest)
    if (unknown !== undefined) throw bad(`sessions.open has no option ${unknown}`)
    if (typeof extend !== 'boolean') throw bad('extend must be a boolean')
    if (reader && id)
      throw bad('sessions.open takes no id where a signed cookie carries it: remove id')
    if (!reader && typeof id !== 'function')
      throw bad('With sessionIdStore, sessions.open needs id: (req) => the id in the request')
    const request = new OpenRequest(req, this.#settings, id && (() => id(req)))
    return this.connections.open(this.#begin(request), this.#writer(request.writing), extend)
  }

  #writer(writing: (record: LoadedRecord) => SessionRequest) {
    return (record: LoadedRecord) => this.#begin(writing(record))
  }
}

function bad(message: string): SessionError {
  return new SessionError('ERR_SESSION_OPTION', message)
}

let hasWarned = false

function warnOfMissingApp(): void {
  if (hasWarned) return
  hasWarned = true
  process.emitWarning(
    'sessions.open() uses the application of the first request. After a restart it fails for connections that come before that request: set the option app, as in session({ app, … }).',
    { code: 'KOA_SESS_OPEN_APP' },
  )
}
