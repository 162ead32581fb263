import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { Child } from '../shared/child.mjs'

const SERVER = fileURLToPath(new URL('server.mjs', import.meta.url))
// So many logins at a time.
const BATCH = 64

/** The server processes of one contender, on one store. */
export class Group {
  #args
  #children = []

  static async start(contender, { store, processes }, url = '') {
    const group = new Group()
    group.contender = contender
    group.#args = [contender, store, url]
    await group.#start(processes)
    return group
  }

  /** New processes instead of the ones that there are, whatever those do. */
  async restart() {
    const processes = this.#children.length
    await this.stop()
    await this.#start(processes)
  }

  async #start(processes) {
    try {
      for (let count = 0; count < processes; count++)
        this.#children.push(await Child.start(SERVER, this.#args))
      this.ports = await Promise.all(this.#children.map((child) => child.ask('port')))
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  /** The cookies of so many users, each with a session of so many keys. */
  async login(users, keys) {
    const cookies = []
    while (cookies.length < users) {
      const batch = Array.from({ length: Math.min(BATCH, users - cookies.length) }, (_, index) =>
        this.get(`/login?keys=${keys}`, undefined, index),
      )
      cookies.push(...(await Promise.all(batch)).map(({ cookie }) => cookie))
    }
    return cookies
  }

  /** What the session of a cookie holds now. */
  async session(cookie) {
    return JSON.parse((await this.get('/session', cookie)).body)
  }

  async get(path, cookie, turn = 0) {
    const headers = cookie ? { cookie } : {}
    const port = this.ports[turn % this.ports.length]
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers })
    const body = await response.text()
    assert.equal(response.status, 200, `${this.contender}, ${path}: ${body}`)
    const lines = response.headers.getSetCookie()
    return { body, cookie: lines.map((line) => line.split(';')[0]).join('; ') }
  }

  /** Of all its processes so far: commands sent to the store, and CPU time in µs. */
  async used() {
    const all = await Promise.all(this.#children.map((child) => child.ask('used')))
    const sum = (name) => all.reduce((total, one) => total + one[name], 0)
    return { commands: sum('commands'), cpu: sum('cpu') }
  }

  async stop() {
    const children = this.#children
    this.#children = []
    await Promise.all(children.map((child) => child.stop()))
  }
}
