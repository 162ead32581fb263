import { join } from 'node:path'
import ts from 'typescript'

const root = join(import.meta.dirname, '../..')

export const OPTIONS: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  types: ['node'],
  paths: {
    'koa-sess': [join(root, 'src/index.ts')],
    'koa-sess/*': [join(root, 'src/*.ts')],
  },
}

/** Exists in memory only. Its folder decides where packages are found. */
const FILE = join(root, 'test/examples.mts')

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
  const program = ts.createProgram([FILE], OPTIONS, hostWith(parts.join('')))
  const file = program.getSourceFile(FILE)
  return ts.getPreEmitDiagnostics(program, file).map(({ messageText, start = 0 }) => {
    const part = ends.findIndex((end) => start < end)
    const where = examples[part - 1]?.where ?? 'the prelude'
    return `${where}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
  })
}

/** Reads the examples from memory. */
function hostWith(text: string): ts.CompilerHost {
  const host = ts.createCompilerHost(OPTIONS)
  const read = host.getSourceFile.bind(host)
  host.getSourceFile = (name, options, ...rest) =>
    name === FILE ? ts.createSourceFile(name, text, options) : read(name, options, ...rest)
  return host
}
