/**
 * How `regenerate` moves a session.
 * @since 1.0.0
 */
export interface RegenerateOptions {
  /**
   * Keys to carry over into the new session.
   * @default none
   * @example ctx.regenerateSession({ keep: ['cart'] })
   */
  keep?: readonly string[]
  /**
   * What `sessions.of(userId).checkpoint()` returned before the password was checked. The commit throws
   * ERR_SESSION_REVOKED (401) when all sessions of the user were ended since.
   * @default no check
   * @since Unreleased
   * @example ctx.regenerateSession({ checkpoint })
   */
  checkpoint?: string | undefined
}
