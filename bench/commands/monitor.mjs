import { Redis } from 'ioredis'

const MARKER = 'koa-sess-bench-marker'

/** What a Redis was sent, told by itself; what a script does inside stands apart. */
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
    // What came before this command has been told when its own line comes.
    const told = new Promise((resolve) => {
      const listen = (_time, args) => {
        if (!args.includes(MARKER)) return
        this.#monitor.off('monitor', listen)
        resolve()
      }
      this.#monitor.on('monitor', listen)
    })
    await this.#client.echo(MARKER)
    await told
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
