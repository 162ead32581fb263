import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import type { Parser } from '../codemod/source.js'
import { UsageError } from './usage.js'

/**
 * The compiler of TypeScript that the current directory has installed. It also parses JavaScript.
 * @throws {UsageError} when there is none, or one without an interface for programs.
 */
export function loadParser(): Parser {
  const require = createRequire(resolve('package.json'))
  const parser: unknown = find(() => require('typescript'))
  if (isParser(parser)) return parser
  throw new UsageError(
    'codemod needs the package typescript, version 5 or 6, to read JavaScript and TypeScript: npm install --no-save typescript@6 in this directory',
  )
}

function find(load: () => unknown): unknown {
  try {
    return load()
  } catch (error) {
    const code = Reflect.get(Object(error), 'code')
    // TypeScript 7 exports its version alone.
    if (code === 'MODULE_NOT_FOUND' || code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') return undefined
    throw error
  }
}

function isParser(value: unknown): value is Parser {
  return typeof Reflect.get(Object(value), 'createSourceFile') === 'function'
}
