import type { Context } from 'koa'
import type { ContextScope } from '../koa/context-state.js'
import type { LoadedRecord } from '../record/records.js'
import { Session } from '../session/session.js'
import type { DeviceRefusal } from '../util/events.js'
import { type Binding, bindingInRecord } from './binding.js'
import { BoundCookie, type CookieCompany } from './bound-cookie.js'
import { Challenges } from './challenge.js'
import type { DeviceBoundSettings } from './options.js'
import type { PurposeKeys } from './purpose-keys.js'

/** The session of one request, and the device that it is bound to. */
export class DeviceSession {
  /** The id that the request came with; undefined: it has no session. */
  readonly id: string | undefined
  /** The binding as stored when the request came; undefined: the session is not bound. */
  readonly binding: Binding | undefined
  readonly challenges: Challenges
  readonly #cookie: BoundCookie

  constructor(
    readonly ctx: Context,
    readonly scope: ContextScope,
    readonly settings: DeviceBoundSettings,
    keys: PurposeKeys,
  ) {
    const record = this.#record
    this.id = record?.id
    this.binding = record && bindingInRecord(record)
    const { maxAge, now } = settings
    this.challenges = new Challenges(keys, now)
    this.#cookie = new BoundCookie({ sessionKey: scope.settings.identity.key, maxAge, now }, keys)
  }

  /** The store, or another request, keeps the session out of reach for now: it may be there. */
  get isBlocked(): boolean {
    return this.scope.session.loaded?.kind === 'blocked'
  }

  /** The session has another id than the one that the request came with. */
  get isMoved(): boolean {
    return this.scope.session.id !== this.id
  }

  /** The session was stored under another id, and its binding with it. */
  get hasTakenBindingAlong(): boolean {
    const record = this.#record
    if (!record || record.id === this.id || !this.scope.session.session) return false
    return bindingInRecord(record) !== undefined
  }

  /** What the bound cookie of the request shows. */
  cookieState({ id }: Binding) {
    return this.#cookie.read(this.ctx.req.headers.cookie, id)
  }

  sendCookie({ id }: Binding): void {
    this.#setCookie(this.#cookie.line(id, this.#attributes))
  }

  clearCookie(): void {
    this.#setCookie(this.#cookie.clearingLine(this.#attributes))
  }

  /** The challenge of the next refresh. */
  sendChallenge({ id }: Binding): void {
    const challenge = this.challenges.make('refresh challenge', id)
    this.ctx.set('Secure-Session-Challenge', `"${challenge}";id="${id}"`)
  }

  /** What the browser is to do with the binding (JSON Session Instructions of the draft). */
  instructions({ id }: Binding): object {
    const attributes = this.#cookie.attributes(this.#attributes)
    return {
      session_identifier: id,
      refresh_url: this.settings.refreshPath,
      scope: { include_site: false },
      credentials: [{ type: 'cookie', name: this.#cookie.name, attributes }],
    }
  }

  emitBound(): void {
    this.scope.emit('device:bound', { id: this.id })
  }

  emitRefused(why: DeviceRefusal): void {
    this.scope.emit('device:refused', { id: this.id, why })
  }

  get #record(): LoadedRecord | undefined {
    const { loaded } = this.scope.session
    return loaded?.kind === 'found' ? loaded.record : undefined
  }

  /** As the session's own cookie is sent: both have to come with the same requests. */
  get #attributes(): CookieCompany {
    const { session } = this.scope.session
    return session ? Session.sentCookie(session) : {}
  }

  #setCookie(line: string): void {
    if (this.scope.canSend) this.scope.setCookies([line])
  }
}
