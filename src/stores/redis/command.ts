/** A command as it is sent: its name, in lower case, and its arguments. */
export type Command = [name: string, ...args: string[]]

// What these act on is a node, no key.
const KEYLESS = ['scan', 'wait', 'asking']

/** Where the key stands in a command; undefined: it has none. */
function keyAt([name]: Command): number | undefined {
  if (KEYLESS.includes(name)) return undefined
  return name === 'evalsha' || name === 'eval' ? 3 : 1
}

/** The only key of a command; empty: it has none. */
export function keyOf(command: Command): string {
  const at = keyAt(command)
  return (at !== undefined && command[at]) || ''
}

/** The command with something put before its key. */
export function withPrefix(prefix: string, command: Command): Command {
  const at = keyAt(command)
  if (at === undefined || prefix === '') return command
  const [name, ...args] = command
  return [name, ...args.map((arg, index) => (index === at - 1 ? prefix + arg : arg))]
}

const SLOTS = 16_384
const POLYNOMIAL = 0x1021

/** The slot of a key in a cluster: CRC16 (XMODEM) of it, or of what stands between its first braces. */
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
