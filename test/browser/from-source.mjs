// For a program that imports koa-sess by its name: takes the modules in the folder KOA_SESS instead of dist.
import { register } from 'node:module'
import { pathToFileURL } from 'node:url'
import { isMainThread } from 'node:worker_threads'

// Node runs these hooks in a thread of their own.
if (isMainThread) register(import.meta.url)

export function resolve(specifier, context, next) {
  const match = /^koa-sess(?:\/([\w-]+))?$/.exec(specifier)
  if (!match) return next(specifier, context)
  const [, name = 'index'] = match
  return next(pathToFileURL(`${process.env.KOA_SESS}/${name}.mjs`).href, context)
}
