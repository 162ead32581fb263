import type { Command } from './redis-command.js'
import { type Connection, hasMethods, hidden, type RedisNode } from './redis-connection.js'

/** A `GlideClient` or `GlideClusterClient` of valkey-glide, as far as it is used. */
export interface GlideLike {
  /** `options`: of a cluster's client, `{ route }`. */
  customCommand(args: string[], options?: object): Promise<unknown>
}

/** It has no events; a command that it cannot send fails after its `requestTimeout`. */
export function glide(client: GlideLike): Connection {
  const send = (command: Command) => client.customCommand(command)
  return {
    ...hidden(send),
    isUp: () => true,
    watch() {},
    unwatch() {},
    keyPrefix: '',
    async primaries() {
      // Of a cluster, one answer for each address; otherwise the one answer.
      const answers = await client.customCommand(['ping'], { route: 'allPrimaries' })
      if (typeof answers !== 'object' || answers === null) return hidden(send).primaries()
      return addressesOf(answers).map((address) => glideNode(client, address))
    },
  }
}

function addressesOf(answers: object): string[] {
  if (!Array.isArray(answers)) return Object.keys(answers)
  return answers.map(({ key }: { key: string }) => key)
}

function glideNode(client: GlideLike, address: string): RedisNode {
  const colon = address.lastIndexOf(':')
  const host = address.slice(0, colon)
  const port = Number(address.slice(colon + 1))
  return {
    address,
    send: (command) =>
      client.customCommand(command, { route: { type: 'routeByAddress', host, port } }),
    connection: () => undefined,
  }
}

export function isGlide(client: unknown): client is GlideLike {
  return hasMethods(client, 'customCommand')
}
