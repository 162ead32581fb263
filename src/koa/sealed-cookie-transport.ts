import type { Context } from 'koa'
import { cookieValues, type Presented, type Refused, readCookie } from '../cookie/header.js'
import type { SignerCache } from '../cookie/signature.js'
import type { Config } from '../options/resolve.js'
import { Writer } from '../record/repository.js'
import { generateId } from '../session/id.js'
import type { Replaced, SessionStore } from '../stores/contract.js'
import { SessionError } from '../util/errors.js'
import { takePreset } from './context.js'
import { KoaHost } from './cookie-transport.js'
import type { Baked, Baker } from './sealed-cookie-codec.js'

// RFC 6265bis, 5.6: browsers drop a cookie whose name and value are longer.
const MOST_BYTES = 4096

/** The store of one request: what came in its cookie, and what goes out again. */
class Tin implements SessionStore {
  readonly #records = new Map<string, Baked & { text?: string }>()
  readonly #name: string
  readonly #baker: Baker

  constructor(name: string, baker: Baker) {
    this.#name = name
    this.#baker = baker
  }

  put(baked: Baked): void {
    this.#records.set(baked.id, baked)
  }

  text(id: string): string {
    const record = this.#records.get(id)
    if (!record) return ''
    record.text ??= this.#baker.bake(this.#name, record)
    return record.text
  }

  load(id: string, touch?: number): string | undefined {
    if (touch !== undefined) this.touch(id, touch)
    return this.#records.get(id)?.value
  }

  create(id: string, value: string, expiresAt: number): boolean {
    const baked = { id, value, expiresAt }
    const text = this.#baker.bake(this.#name, baked)
    if (this.#name.length + text.length > MOST_BYTES) throw tooLarge()
    this.#records.set(id, { ...baked, text })
    return true
  }

  replace(id: string, expected: string, value: string, expiresAt: number): Replaced {
    const current = this.#records.get(id)?.value
    if (current !== expected) return { ok: false, current }
    this.create(id, value, expiresAt)
    return { ok: true }
  }

  touch(id: string, expiresAt: number): boolean {
    const record = this.#records.get(id)
    if (record) this.#records.set(id, { id, value: record.value, expiresAt })
    return record !== undefined
  }

  destroy(id: string): boolean {
    return this.#records.delete(id)
  }
}

/** The side that faces Koa, where the cookie is the record. */
export class SealedHost extends KoaHost {
  readonly #ctx: Context
  readonly #signers: SignerCache
  readonly #baker: Baker
  readonly #tin: Tin
  #wasPlain = false

  private constructor(ctx: Context, config: Config, signers: SignerCache, baker: Baker, tin: Tin) {
    super(ctx, config, signers, undefined)
    this.#ctx = ctx
    this.#signers = signers
    this.#baker = baker
    this.#tin = tin
  }

  static begin(ctx: Context, config: Config, signers: SignerCache, baker: Baker) {
    // An id that the application presents leads nowhere without a store.
    takePreset(ctx)
    const tin = new Tin(config.key, baker)
    const { gate, now, writer } = config
    const own = { ...config, writer: new Writer(tin, gate, writer.vault, 0, now) }
    return new SealedHost(ctx, own, signers, baker, tin)
  }

  protected override read(header: string, name: string): Presented | Refused | undefined {
    let refused: Refused | undefined
    for (const text of cookieValues(header, name)) {
      const opened = this.#baker.open(name, text)
      if (typeof opened === 'object') return this.#take(opened, !this.#baker.isCurrent(text))
      refused ??= { refused: opened }
    }
    return refused && (this.#readPlain(header, name) ?? refused)
  }

  // A session id is nothing of koa-session's: it gets one now.
  #readPlain(header: string, name: string): Presented | Refused | undefined {
    if (!this.#baker.readsPlain) return undefined
    const signer = this.#signers.get(this.#ctx.app.keys)
    const signed = readCookie(header, name, signer, () => true)
    if (!signed || 'refused' in signed) return signed
    const opened = this.#baker.openPlain(signed.id, generateId())
    if (typeof opened !== 'object') return { refused: opened }
    this.#wasPlain = true
    return this.#take(opened, true)
  }

  #take(baked: Baked, stale: boolean): Presented {
    this.#tin.put(baked)
    return { id: baked.id, stale }
  }

  protected override write(name: string, id: string, attributes: string): string[] {
    const lines = [`${name}=${id && this.#tin.text(id)}${attributes}`]
    // Sealed, it needs no signature beside it.
    if (this.#wasPlain) lines.push(`${name}.sig=; path=/; expires=${new Date(0).toUTCString()}`)
    return lines
  }
}

function tooLarge(): SessionError {
  return new SessionError(
    'ERR_SESSION_SIZE',
    `The session does not fit into a cookie: sealed, it must not take more than ${MOST_BYTES} bytes together with the name. Keep less in it, or use a store`,
  )
}
