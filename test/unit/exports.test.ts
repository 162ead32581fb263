import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import * as esm from '../../src/index.js'

const read = (file: string) => readFileSync(join(import.meta.dirname, '../../src', file), 'utf8')

it('the function carries the classes, for require()', () => {
  const { default: session, 'module.exports': required, MemoryStore, SessionError } = esm
  expect(session).toBeTypeOf('function')
  expect({ ...session }).toEqual({ MemoryStore, SessionError })
  expect(required).toBe(session)
})

it('require() has the types that import has', () => {
  const lists = read('index.ts').matchAll(/^export (?:type )?\{(.*?)\}/gms)
  const exported = [...lists]
    .flatMap(([, names = '']) => names.split(','))
    .map((name) => name.trim())
    .filter((name) => /^\w+$/.test(name))
  const names = [...read('cjs/index.d.cts').matchAll(/^ {2}type (\w+)/gm)].map(([, name]) => name)
  expect(names.sort()).toEqual(exported.sort())
})
