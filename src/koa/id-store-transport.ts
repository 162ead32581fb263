import type { SessionIdStore } from '../options/session-options.js'
import type { LoadedRecord } from '../record/records.js'
import { isId } from '../session/id.js'
import type { Session } from '../session/session.js'
import type { Presented } from '../session/transport.js'
import type { Exchange, IdTransport } from './id-transport.js'

/** The application carries ids, by the option `sessionIdStore`. */
export class IdStoreTransport implements IdTransport {
  readonly carriesIds = true
  readonly #store: SessionIdStore

  constructor(store: SessionIdStore) {
    this.#store = store
  }

  async present({ ctx }: Exchange): Promise<Presented | undefined> {
    const id = await this.#store.get.call(ctx, ctx)
    return isId(id) ? { id, stale: false } : undefined
  }

  /** The application presents one id. */
  others(): readonly Presented[] {
    return []
  }

  assertReady(): void {}

  /** The application knows whether it can send an id. */
  assertSendable(): void {}

  canSendId(): boolean {
    return true
  }

  withhold(): void {}

  send(exchange: Exchange, { id }: LoadedRecord, session: Session): Promise<void> {
    return exchange.carryHeaders(() =>
      this.#store.set.call(exchange.ctx, id, session, exchange.ctx),
    )
  }

  clear(exchange: Exchange): Promise<void> {
    return exchange.carryHeaders(() => this.#store.reset.call(exchange.ctx, exchange.ctx))
  }
}
