import { once } from 'node:events'
import { type AddressInfo, Server } from 'node:net'
import { vi } from 'vitest'
import { Browser } from './browser.js'

/** Runs a program that makes apps listen, on free ports, and visits each. */
export async function visitProgram(
  file: string,
  visit: (browser: Browser) => Promise<unknown>,
): Promise<void> {
  const servers: Server[] = []
  const listen: (port: number, host: string) => Server = Server.prototype.listen
  const spy = vi.spyOn(Server.prototype, 'listen').mockImplementation(function (this: Server) {
    servers.push(this)
    return listen.call(this, 0, '127.0.0.1')
  })
  await import(file)
  spy.mockRestore()
  for (const server of servers) {
    if (!server.listening) await once(server, 'listening')
    const browser = new Browser(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    await visit(browser)
    browser.close()
    server.close()
  }
}
