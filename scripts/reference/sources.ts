import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

/** Parsed files of the package, by their path from its root. */
export class Sources {
  readonly #root: string
  readonly #files = new Map<string, ts.SourceFile>()

  /** `texts`: files that are not read from disk. */
  constructor(root: string, texts: Record<string, string> = {}) {
    this.#root = root
    for (const [path, text] of Object.entries(texts)) this.#add(path, text)
  }

  get(path: string): ts.SourceFile {
    return this.#files.get(path) ?? this.#add(path, readFileSync(join(this.#root, path), 'utf8'))
  }

  #add(path: string, text: string): ts.SourceFile {
    const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
    this.#files.set(path, file)
    return file
  }
}
