import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { Child } from '../shared/child.mjs'

const SERVER = fileURLToPath(new URL('server.mjs', import.meta.url))

/** The server process of one contender. */
export class Site {
  #child

  static async start(name, url) {
    const site = new Site()
    site.name = name
    site.#child = await Child.start(SERVER, [name, url])
    site.port = await site.#child.ask('port')
    return site
  }

  /** Logs users in. @returns their cookies. */
  login(users) {
    return Promise.all(Array.from({ length: users }, async () => (await this.get('/login')).cookie))
  }

  async get(path, cookie) {
    const headers = cookie ? { cookie } : {}
    const response = await fetch(`http://127.0.0.1:${this.port}${path}`, { headers })
    const lines = response.headers.getSetCookie()
    const body = await response.text()
    assert.equal(response.status, 200, `${this.name}, ${path}: ${body}`)
    return { body, cookie: lines.map((line) => line.split(';')[0]).join('; ') }
  }

  /** CPU time of the server so far, in µs: `user` and `system`. */
  cpu() {
    return this.#child.ask('cpu')
  }

  stop() {
    return this.#child.stop()
  }
}
