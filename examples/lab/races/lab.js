import { fileURLToPath } from 'node:url'
import { SCENES } from '../../../bench/races/scenes.mjs'
import { Child } from '../../../bench/shared/child.mjs'
import { versionsOf } from '../../../bench/shared/machine.mjs'
import { playScene } from './play.js'

const SITE = fileURLToPath(new URL('site.js', import.meta.url))
const NAMES = ['koa-sess', 'koa-session', 'koa-generic-session', 'express-session']

/** Plays the scenes on every package, and holds what was measured last. */
export class Lab {
  /** The packages, each with its version. */
  packages = []
  /** `{ at, ms, requests, results }`: results by scene, then by package. */
  measured
  #sites = []
  #playing

  static async start() {
    const lab = new Lab()
    try {
      const versions = await versionsOf(NAMES)
      lab.packages = NAMES.map((name) => ({ name, version: versions[name] }))
      lab.#sites = await Promise.all(NAMES.map(startSite))
      await lab.play()
    } catch (error) {
      await lab.stop()
      throw error
    }
    return lab
  }

  /** Measures anew. Calls at the same time share one measurement. */
  play() {
    this.#playing ??= this.#play().finally(() => {
      this.#playing = undefined
    })
    return this.#playing
  }

  async stop() {
    await Promise.all(this.#sites.map(({ stop }) => stop()))
  }

  async #play() {
    const began = performance.now()
    const perSite = await Promise.all(this.#sites.map(playAll))
    const results = {}
    for (const id of Object.keys(SCENES))
      results[id] = Object.fromEntries(perSite.map((played, at) => [NAMES[at], played[id]]))
    const requests = perSite.flatMap(Object.values).reduce((sum, one) => sum + one.requests, 0)
    const ms = Math.round(performance.now() - began)
    this.measured = { at: new Date(), ms, requests, results }
  }
}

async function playAll(site) {
  const played = {}
  for (const [id, scene] of Object.entries(SCENES)) played[id] = await playScene(scene, site)
  return played
}

async function startSite(name) {
  const child = await Child.start(SITE, [name], process.execArgv)
  const ask = (method, argument) => child.ask(method, argument)
  return { name, origin: await ask('origin'), ask, stop: () => child.stop() }
}
