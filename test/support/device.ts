import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import type { Browser, Reply } from './browser.js'

/** The parts of a proof that a test alters. */
export interface ProofChanges {
  header?: Record<string, unknown>
  claims?: Record<string, unknown>
  key?: KeyObject
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** What a browser does for a bound session, with a key in software: it makes, keeps and proves a key. */
export class Device {
  readonly alg: 'ES256' | 'RS256'
  readonly privateKey: KeyObject
  readonly jwk: object
  /** The identifier of the binding, once it is registered. */
  id = ''
  /** The challenge for the next refresh. */
  challenge = ''
  readonly #browser: Browser
  readonly #path: string

  constructor(browser: Browser, alg: 'ES256' | 'RS256' = 'ES256', path = '/.koa-sess/device') {
    this.#browser = browser
    this.#path = path
    this.alg = alg
    const { privateKey, publicKey } =
      alg === 'ES256'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('rsa', { modulusLength: 2048 })
    this.privateKey = privateKey
    this.jwk = publicKey.export({ format: 'jwk' })
  }

  /** Does what the answer of a login asks for. */
  async register(login: Reply, changes: ProofChanges = {}): Promise<Reply> {
    const proof = this.prove(offered(login), {
      ...changes,
      header: { jwk: this.jwk, ...changes.header },
    })
    return this.#note(
      await this.#browser.post(`${this.#path}/registration`, { 'Secure-Session-Response': proof }),
    )
  }

  /** Sends the identifier, and a proof where a challenge is known. */
  async refresh(changes: ProofChanges = {}, id = this.id): Promise<Reply> {
    const proof = this.challenge && this.prove(this.challenge, changes)
    return this.#note(
      await this.#browser.post(`${this.#path}/refresh`, {
        'Sec-Secure-Session-Id': id,
        ...(proof && { 'Secure-Session-Response': proof }),
      }),
    )
  }

  /** A signed JWT with a challenge. */
  prove(jti: string, { header, claims, key = this.privateKey }: ProofChanges = {}): string {
    const head = encode({ alg: this.alg, typ: 'dbsc+jwt', ...header })
    const text = `${head}.${encode({ jti, ...claims })}`
    return `${text}.${signature(key, text)}`
  }

  #note(reply: Reply): Reply {
    const [, challenge] =
      /^"([^"]*)";id=/.exec(String(reply.headers['secure-session-challenge'])) ?? []
    if (challenge !== undefined) this.challenge = challenge
    if (reply.status === 200)
      this.id = reply.json<{ session_identifier: string }>().session_identifier
    return reply
  }
}

export function signature(key: KeyObject, text: string): string {
  return sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')
}

/** The challenge that a login offers; empty: none. */
export function offered({ headers }: Reply): string {
  return /challenge="([^"]*)"/.exec(String(headers['secure-session-registration']))?.[1] ?? ''
}
