/** A value, or a promise of it. A synchronous answer adds no microtask to a request. */
export type Awaitable<T> = T | Promise<T>

export function isPromise<T>(value: Awaitable<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && 'then' in value
}

/** Calls `next` with a value: at once when the value is there, else when its promise resolves. */
export function andThen<T, R>(value: Awaitable<T>, next: (value: T) => Awaitable<R>): Awaitable<R> {
  return isPromise(value) ? value.then(next) : next(value)
}

/**
 * Like `andThen`, with a second argument for `next`, so that `next` needs no closure: allocates nothing
 * when the value is there.
 */
export function andThenWith<T, A, R>(
  value: Awaitable<T>,
  argument: A,
  next: (value: T, argument: A) => Awaitable<R>,
): Awaitable<R> {
  return isPromise(value) ? later(value, argument, next) : next(value, argument)
}

/** Apart, as V8 allocates what a closure holds when its function begins. */
function later<T, A, R>(
  value: Promise<T>,
  argument: A,
  next: (value: T, argument: A) => Awaitable<R>,
): Promise<R> {
  return value.then((result) => next(result, argument))
}

/** Returns the same promise; its rejection does not end the process when no caller awaits it. */
export function ignoreRejection<T>(work: Promise<T>): Promise<T> {
  work.catch(() => undefined)
  return work
}
