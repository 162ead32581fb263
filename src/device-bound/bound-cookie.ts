import { cookieValues } from '../cookie/header.js'
import type { PurposeKeys } from './purpose-keys.js'

/** What the bound cookie of a request shows. */
export type CookieState = 'proved' | 'unproved' | 'outdated' | 'forged'

/** Its end in epoch ms, and the MAC of end and binding. */
const SHAPE = /^(\d{1,15})\.([\w-]{43})$/

/** The browser drops the cookie a little earlier than the server: an answer takes time to arrive. */
const MARGIN = { share: 0.1, most: 10_000 }

/** What the bound cookie takes over from the session's. */
export interface CookieCompany {
  sameSite?: boolean | 'lax' | 'strict' | 'none' | undefined
}

export interface BoundCookieOptions {
  /** The name of the session's cookie. */
  sessionKey: string
  /** In ms. */
  maxAge: number
  now(): number
}

/** The cookie that shows that its browser proved the device a moment ago: a MAC with an end. */
export class BoundCookie {
  readonly name: string
  readonly #options: BoundCookieOptions
  readonly #keys: PurposeKeys

  constructor(options: BoundCookieOptions, keys: PurposeKeys) {
    this.name = `__Host-${options.sessionKey.replace(/^__(host|secure)-/i, '')}.device`
    this.#options = options
    this.#keys = keys
  }

  /** The state of the first cookie that proves the device, or of the first one. */
  read(header: string | undefined, bindingId: string): CookieState {
    const states = cookieValues(header ?? '', this.name).map((value) =>
      this.#stateOf(value, bindingId),
    )
    return states.find((state) => state === 'proved') ?? states[0] ?? 'unproved'
  }

  #stateOf(value: string, bindingId: string): CookieState {
    const [, end = '', mac = ''] = SHAPE.exec(value) ?? []
    if (end === '') return 'forged'
    if (Number(end) <= this.#options.now()) return 'outdated'
    return this.#keys.verify('bound cookie', `${bindingId} ${end}`, mac) ? 'proved' : 'forged'
  }

  /** A Set-Cookie line for a browser that has just proved the device. */
  line(bindingId: string, session: CookieCompany): string {
    const { maxAge, now } = this.#options
    const end = now() + maxAge
    const kept = maxAge - Math.min(maxAge * MARGIN.share, MARGIN.most)
    const mac = this.#keys.sign('bound cookie', `${bindingId} ${end}`)
    const seconds = Math.floor(kept / 1000)
    return `${this.name}=${end}.${mac}; ${this.attributes(session)}; Max-Age=${seconds}`
  }

  /** A Set-Cookie line that clears it. */
  clearingLine(session: CookieCompany): string {
    const past = 'Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT'
    return `${this.name}=; ${this.attributes(session)}; ${past}`
  }

  /** Its attributes, which the browser also compares with. It must be sent wherever the session's cookie is. */
  attributes({ sameSite }: CookieCompany): string {
    const strict = sameSite === true || /^strict$/i.test(String(sameSite))
    const none = /^none$/i.test(String(sameSite))
    return `Path=/; Secure; HttpOnly; SameSite=${strict ? 'Strict' : none ? 'None' : 'Lax'}`
  }
}
