/**
 * Waits for `work`, at most so many ms. The work itself goes on. The timer keeps no process alive.
 * @throws an Error with the code ETIMEDOUT
 */
export async function withTimeLimit<T>(work: T | PromiseLike<T>, limit: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_, reject) => {
    const error = Object.assign(new Error(`No answer within ${limit} ms`), { code: 'ETIMEDOUT' })
    timer = setTimeout(reject, limit, error).unref()
  })
  try {
    return await Promise.race([work, timeout])
  } finally {
    clearTimeout(timer)
  }
}
