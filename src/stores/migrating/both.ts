import { EventEmitter } from 'node:events'
import { isMoved } from '../../record/tombstone.js'
import type { LegacyStore, Page, SessionStore } from '../contract.js'

type Source = SessionStore | LegacyStore

/** The connections of several stores as one: it is there while all of them are. */
export class Connections {
  readonly #sources: Source[]
  readonly #events = new EventEmitter().setMaxListeners(0)
  readonly #away = new Set<Source>()
  #leave: (() => void)[] = []

  constructor(sources: Source[]) {
    this.#sources = sources
  }

  on(event: 'connect' | 'disconnect', listener: () => void): void {
    if (this.#leave.length === 0) this.#leave = this.#sources.map((source) => this.#follow(source))
    this.#events.on(event, listener)
    // Whoever comes while one is away must hear of it too.
    if (event === 'disconnect' && this.#away.size > 0) listener()
  }

  off(event: 'connect' | 'disconnect', listener: () => void): void {
    this.#events.off(event, listener)
    if (this.#events.eventNames().length > 0) return
    for (const leave of this.#leave) leave()
    this.#leave = []
    this.#away.clear()
  }

  #follow(source: Source): () => void {
    const down = () => {
      if (this.#away.size === 0) this.#events.emit('disconnect')
      this.#away.add(source)
    }
    const up = () => {
      this.#away.delete(source)
      if (this.#away.size === 0) this.#events.emit('connect')
    }
    source.on?.('disconnect', down)
    source.on?.('connect', up)
    return () => {
      source.off?.('disconnect', down)
      source.off?.('connect', up)
    }
  }
}

type Scan = NonNullable<SessionStore['scan']>

/**
 * `from` first, and then `to`: what moves meanwhile was told already, or is told there.
 * A cursor says in front of a colon whose it is.
 */
export function scanBoth(from: Scan, to: Scan): Scan {
  return async (prefix, cursor = 'from:', count): Promise<Page> => {
    const [at = '', rest = ''] = cursor.split(/:(.*)/s)
    const page = await (at === 'from' ? from : to)(prefix, rest || undefined, count)
    if (at !== 'from') return { ...page, cursor: page.cursor && `to:${page.cursor}` }
    const records = page.records.filter(({ value }) => !isMoved(value))
    return { records, cursor: page.cursor ? `from:${page.cursor}` : 'to:' }
  }
}
