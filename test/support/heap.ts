import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect: (options?: { type: 'minor' }) => void = runInNewContext('gc')

/** As V8 does by itself all the time: what was there for long is taken for alive. */
export function collectYoung(): void {
  collect({ type: 'minor' })
}

/** What cannot be collected, in bytes of heap. */
export function heldBytes(): number {
  collect()
  return process.memoryUsage().heapUsed
}

/** A text as it comes out of a Cookie header of 20 kB: for V8 a slice, which keeps all of that alive. */
export function cutOut(text: string): string {
  return Buffer.alloc(20_000, text).toString().slice(0, text.length)
}
