import type { SealKey } from '../record/seal.js'

/**
 * The keys that records are encrypted with.
 * @since 1.0.0
 */
export interface EncryptionOptions {
  /**
   * Secrets of at least 32 random bytes. The first one encrypts, all of them decrypt: to rotate, put a new one in front.
   * @example session({ encryption: { keys: [newKey, oldKey] } })
   */
  keys: readonly SealKey[]
  /**
   * Until then unencrypted records are read too, and encrypted on their next write.
   * @default none: they are refused
   * @example session({ encryption: { keys: [newKey], plainUntil: new Date('2030-01-01') } })
   */
  plainUntil?: Date | undefined
  /**
   * Decrypts records, reads unencrypted ones too, and writes unencrypted ones: the way back from
   * encryption.
   * @default false
   * @since Unreleased
   * @example session({ encryption: { keys: [oldKey], decryptOnly: true } })
   */
  decryptOnly?: boolean | undefined
}
