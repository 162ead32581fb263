// Prints by how many bytes the heap grows for each answer, while answers come in a line.
// In a process of its own: beside other tests, V8 decides otherwise when it collects, and what is old. Run with:
// node --import ./bench/shared/typescript.mjs test/probes/timeout.mjs
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { CommandTimeout } from '../../src/stores/command-timeout.ts'

const COUNT = 200_000

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')
const timeout = new CommandTimeout(60_000, 'It')

let done
const ask = () => timeout.guard(new Promise((resolve) => (done = resolve)))

let asked = ask()
// The first in line is old now.
collect()
const before = process.memoryUsage().heapUsed
for (let at = 0; at < COUNT; at++) {
  const [last, answer] = [asked, done]
  asked = ask()
  answer(at)
  await last
  if (at % 10_000 === 0) collect({ type: 'minor' })
}
collect({ type: 'minor' })
console.log((process.memoryUsage().heapUsed - before) / COUNT)
