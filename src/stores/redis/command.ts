/** A command as it is sent: its name in lower case, then its arguments. */
export type Command = [name: string, ...args: string[]]

// These commands act on a node, not on a key.
const KEYLESS = ['scan', 'wait', 'asking', 'info', 'cluster']

/** The index of the key in a command; undefined: it has no key. */
function keyIndex([name]: Command): number | undefined {
  if (KEYLESS.includes(name)) return undefined
  return name === 'evalsha' || name === 'eval' ? 3 : 1
}

/** The only key of a command; empty: it has no key. */
export function keyOf(command: Command): string {
  const index = keyIndex(command)
  return (index !== undefined && command[index]) || ''
}

/** The command with `prefix` before its key. */
export function withPrefix(prefix: string, command: Command): Command {
  const index = keyIndex(command)
  if (index === undefined || prefix === '') return command
  const [name, ...args] = command
  return [name, ...args.map((arg, at) => (at === index - 1 ? prefix + arg : arg))]
}

export const SLOTS = 16_384
const POLYNOMIAL = 0x1021

/**
 * The slot of a key in a cluster: the CRC16 (XMODEM) of the key, or of its hash tag (the text between
 * its first braces). Source: the Redis Cluster specification.
 */
export function slotOf(key: string): number {
  const open = key.indexOf('{')
  const close = open < 0 ? -1 : key.indexOf('}', open + 1)
  let crc = 0
  for (const byte of Buffer.from(close > open + 1 ? key.slice(open + 1, close) : key)) {
    crc ^= byte << 8
    for (let bit = 0; bit < 8; bit++)
      crc = (crc & 0x8000 ? (crc << 1) ^ POLYNOMIAL : crc << 1) & 0xffff
  }
  return crc % SLOTS
}

/** A key that is in a slot once `keyPrefix` is before it; undefined: the prefix has a hash tag. */
export function keyInSlot(slot: number, keyPrefix: string): string | undefined {
  // Each key is in any slot with equal chance: so many tries fail once in 10^13.
  for (let at = 0; at < 30 * SLOTS; at++) {
    if (slotOf(`${keyPrefix}slot:${at}`) === slot) return `slot:${at}`
  }
  return undefined
}
