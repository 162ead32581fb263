import { SLOTS, slotOf } from './command.js'

/** A Cluster of ioredis or iovalkey, as far as it is looked at. */
interface Calling {
  call(command: string, ...args: string[]): Promise<unknown>
}

const KEY = 'key'
const SHA = 'sha'

/**
 * Whether a Cluster with `enableAutoPipelining` sends a script to the node that has its key. Older
 * versions take the first argument for the key, which is the script. Clients do not expose their
 * version, so this calls the client's method on a Cluster that only notes the slot.
 */
export function sendsScriptsByKey(client: Calling): boolean {
  const options = Object(Reflect.get(client, 'options'))
  const looked: string[] = []
  const ignore = () => undefined
  const pipeline = { call: ignore, exec: ignore }
  const probe = {
    options: { autoPipeliningIgnoredCommands: [], ...options, keyPrefix: '' },
    isCluster: true,
    isPipeline: false,
    slots: new Proxy([], {
      get: (_, name) => {
        if (name === 'length') return SLOTS
        if (typeof name === 'string') looked.push(name)
        return ['node']
      },
    }),
    _autoPipelines: new Map(),
    _runningAutoPipelines: new Set(),
    pipeline: () => pipeline,
    // Called for a command that is not pipelined.
    sendCommand: () => looked.push(`${slotOf(KEY)}`),
  }
  try {
    for (const name of ['evalsha', 'eval']) Reflect.apply(client.call, probe, [name, SHA, '1', KEY])
  } catch {
    return false
  }
  return looked.length === 2 && looked.every((slot) => slot === `${slotOf(KEY)}`)
}
