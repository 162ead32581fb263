interface Edit {
  start: number
  end: number
  text: string
}

/**
 * Changes of a text, by positions in the original, so that everything else keeps its format. What is changed
 * inside of a range that is replaced is lost with it.
 */
export class Edits {
  readonly #original: string
  #edits: Edit[] = []

  constructor(original: string) {
    this.#original = original
  }

  replace(start: number, end: number, text: string): void {
    this.#edits.push({ start, end, text })
  }

  insert(at: number, text: string): void {
    this.replace(at, at, text)
  }

  /** The changed text of a range. Its edits are removed, so that the range can be put elsewhere. */
  take(start: number, end: number): string {
    const isInside = (edit: Edit) => edit.start >= start && edit.end <= end
    const inside = this.#edits.filter(isInside)
    this.#edits = this.#edits.filter((edit) => !isInside(edit))
    return this.#apply(inside, start, end)
  }

  /** The whole text with all edits. */
  apply(): string {
    return this.#apply(this.#edits, 0, this.#original.length)
  }

  #apply(edits: readonly Edit[], start: number, end: number): string {
    let text = ''
    let at = start
    for (const edit of edits.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
      if (edit.start < at) continue
      text += this.#original.slice(at, edit.start) + edit.text
      at = edit.end
    }
    return text + this.#original.slice(at, end)
  }
}
