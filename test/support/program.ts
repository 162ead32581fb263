import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Koa from 'koa'
import { vi } from 'vitest'
import { Browser } from './browser.js'

/** Runs a program that makes apps listen, on free ports, and visits each. */
export async function visitProgram(
  file: string,
  visit: (browser: Browser) => Promise<unknown>,
): Promise<void> {
  const servers: Server[] = []
  const listen: (port: number, host: string) => Server = Koa.prototype.listen
  const spy = vi.spyOn(Koa.prototype, 'listen').mockImplementation(function (this: Koa) {
    const server = listen.call(this, 0, '127.0.0.1')
    servers.push(server)
    return server
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
