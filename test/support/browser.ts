import { Agent, type IncomingHttpHeaders, request } from 'node:http'

/** What came back. */
export interface Reply {
  status: number
  text: string
  headers: IncomingHttpHeaders
  /** The Set-Cookie lines, as sent. */
  cookies: string[]
  /** The body as JSON. */
  json<T = unknown>(): T
}

/** A browser for one origin: it keeps cookies and sends them, and may do several things at once. */
export class Browser {
  readonly jar = new Map<string, string>()
  readonly origin: string
  readonly #now: () => number
  readonly #agent = new Agent({ keepAlive: true })

  constructor(origin: string, now: () => number = Date.now) {
    this.origin = origin
    this.#now = now
  }

  get cookie(): string {
    return [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  /** A path, or a whole URL: cookies do not tell the ports of a host apart. */
  get(path: string, headers: Record<string, string> = {}): Promise<Reply> {
    return this.#send('GET', path, headers)
  }

  post(path: string, headers: Record<string, string> = {}, body = ''): Promise<Reply> {
    return this.#send('POST', path, headers, body)
  }

  #send(
    method: string,
    path: string,
    headers: Record<string, string>,
    body?: string,
  ): Promise<Reply> {
    const url = path.startsWith('/') ? this.origin + path : path
    const cookie = this.cookie
    const sent = cookie ? { cookie, ...headers } : headers
    return new Promise((resolve, reject) => {
      const outgoing = request(url, { method, headers: sent, agent: this.#agent }, (incoming) => {
        const cookies = incoming.headers['set-cookie'] ?? []
        // A browser takes cookies when the headers come, not when the body ends.
        for (const line of cookies) this.#take(line)
        let text = ''
        incoming.setEncoding('utf8')
        incoming.on('data', (chunk) => {
          text += chunk
        })
        incoming.on('error', reject)
        incoming.on('end', () => {
          const { statusCode: status = 0, headers } = incoming
          resolve({ status, text, headers, cookies, json: () => JSON.parse(text) })
        })
      })
      outgoing.on('error', reject)
      outgoing.end(body)
    })
  }

  close(): void {
    this.#agent.destroy()
  }

  #take(line: string): void {
    const [pair = '', ...attributes] = line.split('; ')
    const name = pair.slice(0, pair.indexOf('='))
    const expires = attributes
      .find((attribute) => /^expires=/i.test(attribute))
      ?.slice('expires='.length)
    if (expires && Date.parse(expires) <= this.#now()) this.jar.delete(name)
    else this.jar.set(name, pair.slice(pair.indexOf('=') + 1))
  }
}
