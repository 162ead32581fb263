/** Holds if A and B are the same type; `equal<A, B>(true)` does not compile otherwise. */
export type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

export function equal<A, B>(_same: Equal<A, B>): void {}
