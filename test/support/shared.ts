const closing: (() => unknown)[] = []

/** Opens something once for all tests of a file: to connect takes longer than most tests. */
export function shared<T>(open: () => Promise<T>, close: (value: T) => unknown): () => Promise<T> {
  let value: Promise<T> | undefined
  return () => {
    if (value) return value
    const opening = open()
    value = opening
    closing.push(async () => {
      value = undefined
      await close(await opening)
    })
    return opening
  }
}

/** Closes what the tests of a file shared. */
export async function closeShared(): Promise<void> {
  await Promise.all(closing.splice(0).map((close) => close()))
}
