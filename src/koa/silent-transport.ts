import { generateId } from '../session/id.js'

/** Sends nothing: the session of a connection has no answer that could carry its cookie. */
export abstract class SilentTransport {
  readonly canSendId = false
  readonly canTakeBack = false
  readonly isShared = false

  newId(): string {
    return generateId()
  }

  assertSendable(): void {}
  withhold(): void {}
  send(): void {}
  clear(): void {}
  takeBack(): boolean {
    return false
  }
}
