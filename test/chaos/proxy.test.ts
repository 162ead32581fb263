import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { StoreProxy, type When } from './store/proxy.js'

/** A store that answers every command, behind a proxy, and a client of it. */
async function open() {
  const commands: string[] = []
  const store = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      commands.push(`${chunk}`)
      socket.write(`done ${chunk}`)
    })
  })
  store.listen(0, '127.0.0.1')
  await once(store, 'listening')
  const proxy = await StoreProxy.start((store.address() as AddressInfo).port)
  const client = connect(proxy.port, '127.0.0.1')
  client.on('error', () => undefined)
  onTestFinished(async () => {
    client.destroy()
    await proxy.close()
    store.close()
  })
  const { port } = store.address() as AddressInfo
  return { proxy, client, commands, direct: () => connect(port, '127.0.0.1') }
}

describe('the proxy of the random schedules', () => {
  it('passes commands and answers on, also those that no cut is for', async () => {
    const { proxy, client } = await open()
    void proxy.cut('before', /write/)
    client.write('read')
    expect(`${(await once(client, 'data'))[0]}`).toBe('done read')
  })

  it.each<[When, string[]]>([
    ['before', []],
    ['after', ['write']],
  ])('cuts %s a command: the store has got %j, and no answer comes', async (when, got) => {
    const { proxy, client, commands } = await open()
    const answers: Buffer[] = []
    client.on('data', (chunk) => answers.push(chunk))
    const cut = proxy.cut(when, /write/)
    client.write('write')
    await Promise.all([cut, once(client, 'close')])
    expect(commands).toEqual(got)
    expect(answers).toEqual([])
  })

  it('lets nothing pass while it stalls', async () => {
    const { proxy, client, commands, direct } = await open()
    client.write('one')
    await once(client, 'data')
    proxy.stall(true)
    client.write('two')
    // The store would get `two` before these.
    const beside = direct()
    for (const command of ['three', 'four', 'five']) {
      beside.write(command)
      await once(beside, 'data')
    }
    beside.destroy()
    expect(commands).toEqual(['one', 'three', 'four', 'five'])
    proxy.stall(false)
    expect(`${(await once(client, 'data'))[0]}`).toBe('done two')
  })
})
