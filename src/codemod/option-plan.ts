import type ts from 'typescript'
import { initializerOf, isNothing, nameOf } from './literals.js'
import type { ObjectPlan } from './object-edit.js'
import type { Source } from './source.js'

type Property = ts.ObjectLiteralElementLike

/** The options of one call, while it is decided what becomes of them. */
export class OptionPlan implements ObjectPlan {
  readonly dropped = new Set<Property>()
  readonly moved = new Set<Property>()
  readonly added: string[] = []
  readonly addedToCookie: string[] = []
  /** Functions of `koa-sess/adapters` that the new options call. */
  readonly adapters: string[] = []
  /** The session is in the cookie: `koa-sess/cookie`. */
  inCookie = false
  readonly #source: Source
  readonly #properties = new Map<string, Property>()
  /** Options that are not in the literal: they are spread into it. */
  readonly hasSpread: boolean

  /** @param object The options; undefined: none were given. */
  constructor(source: Source, object: ts.ObjectLiteralExpression | undefined) {
    this.#source = source
    for (const property of object?.properties ?? []) {
      const name = nameOf(source, property)
      if (name) this.#properties.set(name, property)
    }
    const spread = object?.properties.find((property) => source.ts.isSpreadAssignment(property))
    this.hasSpread = spread !== undefined
    if (spread)
      source.note(
        spread,
        'what is spread here is not changed, and no defaults are added: see docs/migration.md',
      )
  }

  get properties(): ReadonlyMap<string, Property> {
    return this.#properties
  }

  /** Removes an option that the old package ignores, and that is refused here. */
  dropIgnored(property: Property, owner: string): void {
    const name = nameOf(this.#source, property)
    if (name === undefined) return
    this.dropped.add(property)
    this.#source.note(property, `${name} is removed: ${owner} has no such option, and ignored it`)
  }

  /** Whether an option is given, with another value than `null` or `undefined`. */
  has(name: string): boolean {
    const property = this.#properties.get(name)
    return property !== undefined && !isNothing(this.#source, initializerOf(this.#source, property))
  }
}

/** Options as new text, where there was no object. */
export function optionsText({ added, addedToCookie }: OptionPlan): string {
  const cookie = addedToCookie.length > 0 ? [`cookie: { ${addedToCookie.join(', ')} }`] : []
  const entries = [...added, ...cookie]
  return entries.length > 0 ? `{ ${entries.join(', ')} }` : ''
}
