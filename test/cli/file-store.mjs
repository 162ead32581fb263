// A store in one file, for commands that run in processes of their own. The file also holds what a
// test makes go wrong.
import { once } from 'node:events'
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

export class FileStore {
  #file
  #pages = 0
  #creates = 0

  constructor(file) {
    this.#file = file
  }

  load(key) {
    return this.#open((data) => {
      if (data.unreadable === key) throw new Error(`Cannot read ${key}`)
      return data.records[key]?.value
    })
  }
  async create(key, value, expiresAt) {
    const number = ++this.#creates
    const { hold } = JSON.parse(readFileSync(this.#file, 'utf8'))
    while (hold === number && !existsSync(`${this.#file}.go`)) await sleep(10)
    return this.#open((data) => {
      if (data.interruptCreate === number) process.kill(process.pid, 'SIGINT')
      if (data.poison === key) throw Object.assign(new Error(`No place for ${key}: ${value}`))
      if (data.full) throw Object.assign(new Error(`No room for ${value}`), { code: 'ENOSPC' })
      if (data.records[key]) return false
      data.records[key] = { value, expiresAt }
      return true
    })
  }
  replace(key, expected, value, expiresAt) {
    return this.#open(({ records }) => {
      if (records[key]?.value !== expected) return { ok: false, current: records[key]?.value }
      records[key] = { value, expiresAt }
      return { ok: true }
    })
  }
  touch(key, expiresAt) {
    return this.#open(({ records }) => {
      if (records[key]) records[key].expiresAt = expiresAt
      return key in records
    })
  }
  destroy(key) {
    return this.#open(({ records }) => key in records && delete records[key])
  }
  async scan(prefix, cursor = '', count = 100) {
    const page = ++this.#pages
    const { interrupt } = JSON.parse(readFileSync(this.#file, 'utf8'))
    if (interrupt === page) {
      // A signal that is on its way keeps no process alive.
      const alive = setInterval(() => undefined, 1000)
      const signal = once(process, 'SIGINT')
      process.kill(process.pid, 'SIGINT')
      await signal
      clearInterval(alive)
    }
    return this.#open((data) => {
      data.cursors = [...(data.cursors ?? []), cursor]
      const keys = Object.keys(data.records).filter((key) => key.startsWith(prefix) && key > cursor)
      const page = keys.sort().slice(0, count)
      const records = page.map((key) => ({ key, ...data.records[key] }))
      return { records, cursor: keys.length > count ? page.at(-1) : undefined }
    })
  }

  async #open(act) {
    const data = JSON.parse(readFileSync(this.#file, 'utf8'))
    if (data.down)
      throw Object.assign(new Error(`Down, with ${JSON.stringify(data.records)}`), {
        code: 'EDOWN',
      })
    for (const [key, { expiresAt }] of Object.entries(data.records))
      if (expiresAt <= Date.now()) delete data.records[key]
    const answer = act(data)
    // At once: the test may read the file meanwhile.
    writeFileSync(`${this.#file}.new`, JSON.stringify(data))
    renameSync(`${this.#file}.new`, this.#file)
    return answer
  }
}
