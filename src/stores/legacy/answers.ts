import { hasMethods } from '../../util/shape.js'

type Thunk = (callback: (error: unknown, value?: unknown) => void) => void
type AnyGenerator = Generator<unknown, unknown, unknown>

/** The result of a method of a legacy store: a value, promise, thunk, generator or generator function. */
export async function settle(answer: unknown): Promise<unknown> {
  if (isGeneratorFunction(answer)) return runGenerator(answer())
  if (isThunk(answer)) return runThunk(answer)
  return isGenerator(answer) ? runGenerator(answer) : answer
}

// Like the package co, a generator may yield an array of answers. A method does not return one.
async function settleYielded(value: unknown): Promise<unknown> {
  return Array.isArray(value) ? Promise.all(value.map(settleYielded)) : settle(value)
}

function runThunk(thunk: Thunk): Promise<unknown> {
  return new Promise((resolve, reject) => {
    thunk((error, value) => (error ? reject(error) : resolve(value)))
  })
}

async function runGenerator(generator: AnyGenerator): Promise<unknown> {
  let step = generator.next()
  while (!step.done) {
    try {
      const value = await settleYielded(step.value)
      step = generator.next(value)
    } catch (error) {
      step = generator.throw(error)
    }
  }
  return step.value
}

function isThunk(value: unknown): value is Thunk {
  return typeof value === 'function'
}

function isGeneratorFunction(value: unknown): value is GeneratorFunction {
  return Object.prototype.toString.call(value) === '[object GeneratorFunction]'
}

function isGenerator(value: unknown): value is AnyGenerator {
  return typeof value === 'object' && hasMethods(value, 'next', 'throw')
}
