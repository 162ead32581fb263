import { join } from 'node:path'
import ts from 'typescript'

const root = join(import.meta.dirname, '../..')

const OPTIONS: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  target: ts.ScriptTarget.ES2023,
  // As in tsconfig.json. The examples run on a server, and the types of browsers take a second to parse.
  lib: ['lib.es2023.d.ts'],
  module: ts.ModuleKind.NodeNext,
  types: ['node'],
  paths: {
    'koa-sess': [join(root, 'src/index.ts')],
    'koa-sess/*': [join(root, 'src/*.ts')],
  },
}

/** A piece of TypeScript, and where it is from. */
export interface Example {
  where: string
  code: string
}

/**
 * Compiles the examples, each as a function of its own, behind `prelude`. Returns what the compiler
 * reports, with the example that it is about.
 */
export function messagesOf(prelude: string, examples: readonly Example[]): string[] {
  const parts = [prelude, ...examples.map(({ code }) => `;async () => {\n${code}\n}\n`)]
  const ends = parts.map((_, at) => parts.slice(0, at + 1).join('').length)
  return diagnosticsOf(parts.join('')).map(({ messageText, start = 0 }) => {
    const part = ends.findIndex((end) => start < end)
    const where = examples[part - 1]?.where ?? 'the prelude'
    return `${where}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
  })
}

/** What the compiler reports about a module. */
export function messagesIn(code: string): string[] {
  return diagnosticsOf(code).map(({ messageText }) =>
    ts.flattenDiagnosticMessageText(messageText, '\n'),
  )
}

/** Exists in memory only. Its folder decides where packages are found. */
const FILE = join(root, 'test/examples.mts')

/** Files that were read: to parse the types of Node and Koa takes seconds. */
const known = new Map<string, ts.SourceFile | undefined>()

function diagnosticsOf(text: string): readonly ts.Diagnostic[] {
  const program = ts.createProgram([FILE], OPTIONS, hostWith(text))
  return ts.getPreEmitDiagnostics(program, program.getSourceFile(FILE))
}

/** Reads the module from memory. */
function hostWith(text: string): ts.CompilerHost {
  const host = ts.createCompilerHost(OPTIONS)
  const read = host.getSourceFile.bind(host)
  host.getSourceFile = (name, options, ...rest) => {
    if (name === FILE) return ts.createSourceFile(name, text, options)
    if (!known.has(name)) known.set(name, read(name, options, ...rest))
    return known.get(name)
  }
  return host
}
