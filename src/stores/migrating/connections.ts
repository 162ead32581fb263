import { EventEmitter } from 'node:events'
import type { LegacyStore, SessionStore } from '../contract.js'

type Source = SessionStore | LegacyStore

/**
 * The connection events of several stores as one. Emits `disconnect` when the first one disconnects,
 * and `connect` when all are connected again.
 */
export class Connections {
  readonly #sources: Source[]
  readonly #events = new EventEmitter().setMaxListeners(0)
  readonly #disconnected = new Set<Source>()
  /** One function for each store that removes its listeners; empty: no listeners are attached. */
  #unsubscribes: (() => void)[] = []

  constructor(sources: Source[]) {
    this.#sources = sources
  }

  /** Calls a new `disconnect` listener at once if a store is disconnected. */
  on(event: 'connect' | 'disconnect', listener: () => void): void {
    if (this.#unsubscribes.length === 0)
      this.#unsubscribes = this.#sources.map((source) => this.#subscribe(source))
    this.#events.on(event, listener)
    if (event === 'disconnect' && this.#disconnected.size > 0) listener()
  }

  /** Detaches from the stores with the last listener. */
  off(event: 'connect' | 'disconnect', listener: () => void): void {
    this.#events.off(event, listener)
    if (this.#events.eventNames().length > 0) return
    for (const unsubscribe of this.#unsubscribes) unsubscribe()
    this.#unsubscribes = []
    this.#disconnected.clear()
  }

  #subscribe(source: Source): () => void {
    const onDisconnect = () => {
      if (this.#disconnected.size === 0) this.#events.emit('disconnect')
      this.#disconnected.add(source)
    }
    const onConnect = () => {
      this.#disconnected.delete(source)
      if (this.#disconnected.size === 0) this.#events.emit('connect')
    }
    source.on?.('disconnect', onDisconnect)
    source.on?.('connect', onConnect)
    return () => {
      source.off?.('disconnect', onDisconnect)
      source.off?.('connect', onConnect)
    }
  }
}
