/**
 * The device that a session is bound to, as a request found it.
 * @since Unreleased
 */
export interface BoundDevice {
  /** When the session was bound, in epoch ms. */
  readonly since: number
  /**
   * The request proved the device. False within `grace`, and where `onUnproved` allowed a request
   * without the proof.
   */
  readonly isProved: boolean
}

/**
 * What `deviceBound` adds to a context.
 * @since Unreleased
 */
export interface DeviceBoundContext {
  /**
   * Offers the browser to bind this session to its device, with the answer to this request. Call it
   * at login. A session that is bound stays so; after `regenerateSession()` it is bound anew.
   * @throws {SessionError} ERR_SESSION_COOKIE when the session's cookie reaches other hosts, or not `path`.
   * @example await ctx.bindDevice()
   */
  bindDevice(): Promise<void>
  /**
   * Undefined: the session was not bound when the request came.
   * @example if (!ctx.boundDevice?.isProved) ctx.throw(401)
   */
  readonly boundDevice: BoundDevice | undefined
}

declare module 'koa' {
  interface ExtendableContext extends DeviceBoundContext {}
}
