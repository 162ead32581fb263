import { once } from 'node:events'
import { type AddressInfo, Server } from 'node:net'
import { vi } from 'vitest'
import { Browser } from './browser.js'

/** Runs a program that makes apps listen, on free ports, and passes a browser for each, in their order. */
export async function runProgram(
  file: string,
  visit: (browsers: Browser[]) => Promise<unknown>,
): Promise<void> {
  const servers = new Set<Server>()
  const listen: (port: number, host: string) => Server = Server.prototype.listen
  const spy = vi.spyOn(Server.prototype, 'listen').mockImplementation(function (this: Server) {
    servers.add(this)
    // A program that tests its own app has closed its server when it ends.
    this.once('close', () => servers.delete(this))
    return listen.call(this, 0, '127.0.0.1')
  })
  try {
    await import(file)
  } finally {
    spy.mockRestore()
  }
  const browsers: Browser[] = []
  for (const server of servers) {
    if (!server.listening) await once(server, 'listening')
    browsers.push(new Browser(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
  }
  try {
    await visit(browsers)
  } finally {
    for (const browser of browsers) browser.close()
    for (const server of servers) server.close()
  }
}

/** Runs a program as `runProgram` does, and visits each app in turn. */
export function visitProgram(
  file: string,
  visit: (browser: Browser) => Promise<unknown>,
): Promise<void> {
  return runProgram(file, async (browsers) => {
    for (const browser of browsers) await visit(browser)
  })
}
