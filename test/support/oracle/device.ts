import crypto, { createPublicKey, generateKeyPairSync, verify } from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import Koa from 'koa'
import { deviceBound } from '../../../src/device-bound.js'
import session, { MemoryStore } from '../../../src/index.js'
import { signature } from '../device.js'
import { inject } from '../inject.js'
import { KEYS } from '../site.js'
import { signed } from './app.js'
import { demand, demandClean, describeErrors } from './demand.js'
import { now } from './record-data.js'

/** The longest proof, with quotes and a parameter around it. */
const MAX_HEADER = 4096 + 64

/** The ids of two sessions: one is bound, and the other one is not. */
export const BOUND_ID = 'the-id-of-a-bound-session'
export const FREE_ID = 'the-id-of-a-free-session'
export const BINDING = 'the-identifier-of-the-binding'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
export const JWK = publicKey.export({ format: 'jwk' })

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A proof of the device. */
export function prove(claims: unknown, header: object = {}): string {
  const text = `${encode({ alg: 'ES256', typ: 'dbsc+jwt', ...header })}.${encode(claims)}`
  return `${text}.${signature(privateKey, text)}`
}

/** What a browser sends, in lines: the path, and the values of the three headers. */
export interface DeviceInput {
  path: 'registration' | 'refresh' | 'page'
  response: string
  id: string
  skipped: string
}

/** What holds for any value of the headers: no failure, and a device counts only if its key signed a current challenge. */
export class DeviceOracle {
  /** The challenges that the bound and the free session have to answer. */
  challenges = { refresh: '', registration: '' }
  readonly #store = new MemoryStore({ now })
  readonly #handle: ReturnType<Koa['callback']>
  readonly #errors: unknown[] = []

  constructor() {
    const app = new Koa()
    app.keys = KEYS
    app.on('error', (error) => this.#errors.push(error))
    app.use(async (ctx, next) => {
      await next()
      const challenge = ctx.response.get('Secure-Session-Challenge')
      this.challenges.refresh = /^"(.*)";id=/.exec(challenge)?.[1] ?? this.challenges.refresh
      const offer = ctx.response.get('Secure-Session-Registration')
      this.challenges.registration =
        /challenge="(.*)"/.exec(offer)?.[1] ?? this.challenges.registration
    })
    app.use(session({ store: this.#store, now }))
    app.use(deviceBound({ now, grace: 0 }))
    app.use(async (ctx) => {
      if (ctx.path === '/offer') await ctx.bindDevice()
      ctx.body = 'page'
    })
    this.#handle = app.callback()
  }

  /** Stores the two sessions, and learns their challenges. */
  async prepare(): Promise<void> {
    this.#reset()
    await this.#send('GET', '/offer', FREE_ID, {})
    await this.#send('POST', '/.koa-sess/device/refresh', BOUND_ID, {
      'sec-secure-session-id': BINDING,
    })
    demand(Boolean(this.challenges.refresh && this.challenges.registration), 'no challenges')
  }

  async check({ path, response, id, skipped }: DeviceInput): Promise<void> {
    this.#reset()
    this.#errors.length = 0
    const sid = path === 'registration' ? FREE_ID : BOUND_ID
    const url = path === 'page' ? '/page' : `/.koa-sess/device/${path}`
    const { status, cookies, verified } = await countingVerifications(() =>
      this.#send(path === 'page' ? 'GET' : 'POST', url, sid, {
        'secure-session-response': response,
        'sec-secure-session-id': id,
        'secure-session-skipped': skipped,
      }),
    )
    const failures = this.#errors.filter((error) => Object(error).status !== 401)
    demand(status < 500 && failures.length === 0, `answered ${status}: ${describeErrors(failures)}`)
    demand(status !== 429, 'answered 429')
    const challenge = path === 'page' ? undefined : this.challenges[path]
    const isProof = challenge !== undefined && proves(response, challenge)
    demand(status !== 200 || isProof, 'accepted what the device does not prove')
    demand(!cookies.some((line) => /\.device=[^;]/.test(line)) || isProof, 'sent a bound cookie')
    const isChecked = challenge !== undefined && holds(response, challenge)
    demand(verified === 0 || isChecked, 'checked the signature of no current challenge')
    demand(verified === 0 || response.length <= MAX_HEADER, 'checked a proof that is too long')
    demand(verified <= 1, 'checked more than one signature')
    demandClean()
  }

  #reset(): void {
    const key = { kty: 'EC', crv: 'P-256', x: JWK.x, y: JWK.y }
    const records = {
      [BOUND_ID]: { user: 'ada', deviceBinding: { id: BINDING, key, since: 1 } },
      [FREE_ID]: { user: 'ada' },
    }
    for (const [id, data] of Object.entries(records)) {
      this.#store.destroy(`koa:sess:${id}`)
      this.#store.create(`koa:sess:${id}`, JSON.stringify({ ...data, cookie: {} }), now() + 1000)
    }
  }

  #send(method: string, url: string, id: string, headers: Record<string, string>) {
    return inject(this.#handle, url, signed(id), { method, headers })
  }
}

/** How many signatures are checked while something is done. */
async function countingVerifications<T extends object>(
  work: () => Promise<T>,
): Promise<T & { verified: number }> {
  const original = crypto.verify
  let verified = 0
  const counted = (...args: Parameters<typeof original>) => {
    verified++
    return Reflect.apply(original, crypto, args)
  }
  const set = (implementation: unknown) => {
    Object.assign(crypto, { verify: implementation })
    syncBuiltinESMExports()
  }
  set(counted)
  try {
    const result = await work()
    return { ...result, verified }
  } finally {
    set(original)
  }
}

/** Whether the claims of a header's JWT hold a challenge. */
function holds(header: string, challenge: string): boolean {
  const [, body = ''] = header.split('.')
  return Buffer.from(body, 'base64url').toString().includes(challenge)
}

/** Whether a header proves the device, found in another way than src does it. */
function proves(header: string, challenge: string): boolean {
  const text = header.replace(/^"([^"]*)"\s*(;.*)?$/s, '$1').replace(/;.*/s, '')
  const [head = '', body = '', sig = ''] = text.trim().split('.')
  try {
    const { alg, typ } = JSON.parse(Buffer.from(head, 'base64url').toString())
    const { jti } = JSON.parse(Buffer.from(body, 'base64url').toString())
    if (alg !== 'ES256' || typ !== 'dbsc+jwt' || jti !== challenge) return false
    const key = createPublicKey({ key: JWK, format: 'jwk' })
    const signature = Buffer.from(sig, 'base64url')
    return verify(
      'sha256',
      Buffer.from(`${head}.${body}`),
      { key, dsaEncoding: 'ieee-p1363' },
      signature,
    )
  } catch {
    return false
  }
}
