import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'

const ROOT = new URL('../../', import.meta.url)
const PEERS = ['koa', 'koa-generic-session', 'koa-session']

/** What the figures were taken with. */
export async function machine() {
  const packages = { 'koa-sess': await versionIn('package.json') }
  for (const name of PEERS) packages[name] = await versionIn(`node_modules/${name}/package.json`)
  return { node: process.versions.node, cores: availableParallelism(), packages }
}

async function versionIn(path) {
  return JSON.parse(await readFile(new URL(path, ROOT), 'utf8')).version
}
