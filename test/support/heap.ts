import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** What cannot be collected, in bytes of heap. */
export function heldBytes(): number {
  collect()
  return process.memoryUsage().heapUsed
}

/** A text as it comes out of a Cookie header of 20 kB: for V8 a slice, which keeps all of that alive. */
export function cutOut(text: string): string {
  return Buffer.alloc(20_000, text).toString().slice(0, text.length)
}
