/**
 * Data of any keys and open values, as in koa-session: what JSON.parse returns. Declare `SessionData`,
 * and its keys and values are checked.
 */
type OpenData = Record<string, ReturnType<typeof JSON.parse>>

/** The keys that the application declared; any keys where it declared none. */
export type DeclaredData<Data extends object> = keyof Data extends never ? OpenData : Data

type KeyOf<Data extends object> = keyof Data extends never ? string : keyof Data & string

/** The options of regenerate, whatever the data are. */
export interface RegenerateRequest {
  keep?: readonly string[] | undefined
  /**
   * What `sessions.of(userId).checkpoint()` returned before the password was checked. The commit throws
   * ERR_SESSION_REVOKED (401) when all sessions of the user were ended since. Needs the option `users`.
   * @default no check
   * @since Unreleased
   * @example ctx.regenerateSession({ checkpoint })
   */
  checkpoint?: string | undefined
}

/**
 * How `regenerate` moves a session. Anything else throws ERR_SESSION_OPTION, as data would be lost.
 * @since 1.0.0
 */
export interface RegenerateOptions<Data extends object = object> extends RegenerateRequest {
  /**
   * Keys to carry over into the new session.
   * @default none
   * @example ctx.regenerateSession({ keep: ['cart'] })
   */
  keep?: readonly KeyOf<Data>[] | undefined
}
