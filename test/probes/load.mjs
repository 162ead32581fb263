// Prints what the package calls while its modules load, while its parts are made, and, as a control,
// for a first id. Run with: node --import ./bench/shared/typescript.mjs test/probes/load.mjs
import crypto from 'node:crypto'
import { readdirSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const SOURCE = new URL('../../src/', import.meta.url)
const RANDOM = ['randomBytes', 'randomFillSync', 'randomFill', 'randomInt', 'randomUUID']
let calls = []

function watch(owner, name) {
  const original = owner[name]
  owner[name] = function (...args) {
    // Node and TypeScript call them too.
    if (new Error().stack.includes(SOURCE.href)) calls.push(name)
    return new.target ? Reflect.construct(original, args) : Reflect.apply(original, this, args)
  }
  // Classes keep their static methods.
  Object.setPrototypeOf(owner[name], original)
  owner[name].prototype = original.prototype
}

for (const name of RANDOM) watch(crypto, name)
watch(Crypto.prototype, 'getRandomValues')
for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'fetch', 'Date'])
  watch(globalThis, name)
watch(Math, 'random')
watch(Date, 'now')
syncBuiltinESMExports()

function take() {
  const taken = calls
  calls = []
  return taken
}

const modules = {}
for (const file of readdirSync(SOURCE).filter((name) => name.endsWith('.ts')))
  modules[file] = await import(new URL(file, SOURCE).href)
const loading = take()

const keys = ['a key of at least thirty-two characters']
const { default: session, MemoryStore } = modules['index.ts']
const store = new MemoryStore()
session()
session({ store, encryption: { keys }, hashIds: true, users: { of: () => undefined } })
modules['cookie.ts'].cookieSession({ keys })
modules['device-bound.ts'].deviceBound()
modules['migrate.ts'].migrating({ from: store, to: new MemoryStore() })
// A worker may ask for the time before its first request.
const making = take().filter((name) => name !== 'now')

const { generateId } = await import(new URL('session/id.ts', SOURCE).href)
generateId()
console.log(JSON.stringify({ loading, making, firstId: take() }))
