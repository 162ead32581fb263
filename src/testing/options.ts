import type { LegacyStore, SessionStore } from '../stores/contract.js'
import type { Awaitable } from '../util/async.js'

/** A store, and the function that closes it after its test. */
export interface OpenStore {
  store: SessionStore | LegacyStore
  close?: (() => unknown) | undefined
}

/** Opens a store. Every test calls it, so that tests share no state. */
export type CreateStore = () => Awaitable<SessionStore | LegacyStore | OpenStore>

/** The clock that a store reads, if a test can move it. `ManualClock` is one. */
export interface Clock {
  now(): number
  advance(ms: number): unknown
}

/** Stops and restarts the server behind the store. */
export interface Outage {
  down(): unknown
  up(): unknown
  /** The longest that a call may take to fail, and the store to recover, in ms. Default 1500. */
  patience?: number | undefined
}

/** The options that describe a store, with their defaults. */
export interface StoreTraits {
  strong: boolean
  clock: Clock | undefined
  precision: number
  connections: number
  writers: number
  outage: Outage | undefined
}
