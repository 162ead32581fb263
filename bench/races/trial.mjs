import assert from 'node:assert/strict'
import { Gates } from '../../test/support/gate.ts'
import { Browser } from './browser.mjs'
import { FAULTS, faultsOfRecords, holds } from './faults.mjs'

/** One run of a schedule on one server, starting with an empty store. */
export class Trial {
  #site
  #behind
  #gates = new Gates()
  #browsers = []
  #begun = 0
  #faults = new Set()

  constructor(site, behind, stage) {
    this.#site = site
    this.#behind = behind
    stage.gates = this.#gates
  }

  browser() {
    const browser = new Browser(this.#site.origin)
    this.#browsers.push(browser)
    return browser
  }

  /** A browser whose session holds `seed`. */
  async user() {
    const browser = this.browser()
    await this.do(browser, 'set:seed:1')
    assert.notEqual(browser.cookie, '', 'The login set no cookie')
    return browser
  }

  /** A request from beginning to end. */
  do(browser, steps, options) {
    return this.#send(browser, { do: steps }, options)
  }

  /** Begins a request and resolves when its handler waits at the gate. `finish` opens the gate. */
  async begin(browser, steps, { status } = {}) {
    const gate = `${++this.#begun}`
    const reply = this.#send(browser, { do: steps, gate }, { status })
    await Promise.race([
      this.#gates.arrived(gate),
      reply.then(() => assert.fail(`${steps}: answered before it was at the gate`)),
    ])
    const finish = () => {
      this.#gates.open(gate)
      return reply
    }
    return { finish }
  }

  /** Plays a scene of scenes.mjs. @returns its faults. */
  async play({ requests, order, expect: { cookieOf, dead, ...data } }) {
    const user = this.browser()
    const begun = {}
    const cookies = {}
    for (const { send, begin, finish } of order) {
      if (send) await this.do(user, requests[send].does)
      if (begin) begun[begin] = await this.begin(user, requests[begin].does)
      if (finish) await begun[finish].finish()
      cookies[send ?? begin ?? finish] = user.cookie
    }
    return this.judge(user, { cookie: cookies[cookieOf], dead: cookies[dead], ...data })
  }

  /** The ids of the sessions that the store holds. */
  async ids() {
    const values = await this.#behind.values()
    return values.filter(([, value]) => isSession(value)).map(([key]) => idOf(key))
  }

  /** Makes the store expire its only session. */
  async expire() {
    const [[key], ...others] = await this.#behind.values()
    assert.equal(others.length, 0)
    assert.ok(await this.#behind.expire(key), 'There was nothing to expire')
    assert.deepEqual(await this.ids(), [])
  }

  /**
   * Checks cookies, jar and store. @returns the faults.
   * `cookie`: the cookie that the browser must still hold.
   * `dead`: a cookie whose session ended; `deadId`: its id, if the browser got no cookie.
   * `has`, `lacks`: the data that the session of `cookie` must hold, and keys that it must not.
   */
  async judge(browser, { cookie, dead, deadId, has, lacks }) {
    const ids = await this.ids()
    const jars = this.#browsers.map((other) => other.cookie)
    const found = faultsOfRecords({ ids, jar: browser.cookie, jars, cookie, dead, deadId })
    for (const fault of found) this.#faults.add(fault)
    if (has) {
      const { data = {} } = await this.#probe(cookie)
      if (!holds(data, { has, lacks })) this.#faults.add('lost')
    }
    // Last, as some packages start a session for a request without one.
    if (dead && Object.keys((await this.#probe(dead)).data ?? {}).length > 0)
      this.#faults.add('revived')
    return FAULTS.filter((fault) => this.#faults.has(fault))
  }

  /** Sends a request with this cookie from another browser, so that the jar does not change. */
  #probe(cookie) {
    return this.do(new Browser(this.#site.origin), '', { cookie })
  }

  async #send(browser, query, { status = 200, cookie } = {}) {
    const reply = await browser.get(query, cookie === undefined ? {} : { cookie })
    if (reply.status !== status) this.#faults.add('error')
    return reply
  }
}

/** A prefix ends with a colon, and no id here has one. */
function idOf(key) {
  return key.slice(key.lastIndexOf(':') + 1)
}

/** Whether a stored value is a session, not a tombstone. */
function isSession(value) {
  const parsed = JSON.parse(value ?? 'null')
  return typeof parsed === 'object' && parsed !== null
}
