import { type FieldChange, type Fields, splitFields } from './fields.js'
import { encodeFields } from './format.js'
import type { Draft, LoadedRecord, RecordWrite } from './records.js'

/** What the record may get beside its fields, in UTF-16 code units: a cookie, its end, and marks. */
const MOST_ADDED = 256

/** A record while one or more requests change it, before it is written. */
export class RecordDraft implements Draft {
  #memo: Map<string, Fields> | undefined
  #whole: string | undefined
  #fields: Fields | undefined
  #write: RecordWrite
  #growth = 0
  /** undefined: nothing was changed before the last change. */
  #undo: (() => void) | undefined

  /** `record`: what is stored now. */
  constructor(readonly record: LoadedRecord) {
    this.#write = { expiresAt: 0, end: record.end }
  }

  /** Nothing was changed so far. */
  get isUntouched(): boolean {
    return this.#whole === undefined && this.#fields === undefined
  }

  /** When the record is to end, in epoch ms. */
  get expiresAt(): number {
    return this.#write.expiresAt
  }

  /** The record as it is to be written. */
  get value(): string {
    if (this.#whole !== undefined) return this.#whole
    return this.#fields ? encodeFields(this.#fields, this.#write.end) : this.record.value
  }

  /** An upper bound of the length of `value`, in UTF-16 code units. */
  get maxLength(): number {
    return (this.#whole ?? this.record.value).length + this.#growth + MOST_ADDED
  }

  /** The fields as they are to be written. */
  get fields(): Fields {
    if (!this.#fields) this.#fields = new Map(this.#current())
    return this.#fields
  }

  /** Takes a whole record, in place of the stored one. */
  replace(value: string, write: RecordWrite): void {
    this.#undo = undefined
    if (!this.isUntouched) this.#keepForUndo([])
    this.#whole = value
    this.#fields = undefined
    this.#write = write
    this.#growth += Math.max(0, value.length - this.record.value.length)
  }

  /** Changes single fields; none: extends the record. */
  edit(changes: readonly FieldChange[], write: RecordWrite): void {
    const { fields } = this
    this.#keepForUndo(changes.map(({ key }) => ({ key, text: fields.get(key) })))
    this.#setFields(changes)
    this.#whole = undefined
    this.#write = write
  }

  /** Takes the last change back. */
  undo(): void {
    if (this.#undo) this.#undo()
    else this.#whole = this.#fields = undefined
  }

  #keepForUndo(changes: readonly FieldChange[]): void {
    const [whole, fields, write] = [this.#whole, this.#fields, this.#write]
    this.#undo = () => {
      this.#whole = whole
      this.#fields = fields
      this.#write = write
      this.#setFields(changes)
    }
  }

  #setFields(changes: readonly FieldChange[]): void {
    for (const { key, text } of changes) {
      if (text === undefined) this.#fields?.delete(key)
      else this.#fields?.set(key, text)
      // A code unit of a key takes at most six characters as JSON.
      this.#growth += 6 * key.length + (text?.length ?? 0) + 4
    }
  }

  /** The fields of a record that a request read: many requests of a group have read the same. */
  fieldsOf(record: LoadedRecord): Fields {
    this.#memo ??= new Map()
    const known = this.#memo.get(record.value)
    if (known) return known
    this.#memo.set(record.value, record.fields)
    return record.fields
  }

  #current(): Fields {
    if (this.#whole === undefined) return this.fieldsOf(this.record)
    const content = this.record.format.parse(this.#whole)
    return content ? this.record.format.fieldsOf(this.#whole, content) : splitFields(this.#whole)
  }
}
