import { Redis } from 'ioredis'

const MARKER = 'koa-sess-bench-marker'

/** Records the commands that a Redis received, and separately those that scripts ran. */
export class Monitor {
  #client
  #monitor
  #sent = []
  #inside = []

  static async start(url) {
    const monitor = new Monitor()
    monitor.#client = new Redis(url)
    monitor.#monitor = await monitor.#client.monitor()
    monitor.#monitor.on('monitor', (_time, [name, ...args], source) => {
      if (args.includes(MARKER)) return
      const list = source === 'lua' ? monitor.#inside : monitor.#sent
      list.push(name.toUpperCase())
    })
    return monitor
  }

  /** The commands since the last call. */
  async taken() {
    // MONITOR reports commands in order: when the marker is reported, all earlier ones are.
    const reported = new Promise((resolve) => {
      const listen = (_time, args) => {
        if (!args.includes(MARKER)) return
        this.#monitor.off('monitor', listen)
        resolve()
      }
      this.#monitor.on('monitor', listen)
    })
    await this.#client.echo(MARKER)
    await reported
    const taken = { sent: this.#sent, inside: this.#inside }
    this.#sent = []
    this.#inside = []
    return taken
  }

  stop() {
    this.#monitor.disconnect()
    this.#client.disconnect()
  }
}
