import { readFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'

const ROOT = new URL('../../', import.meta.url)

/** The conditions of the figures: the machine, the versions and the command line. */
export async function machine(names, servers = {}) {
  return {
    node: process.versions.node,
    cpu: cpus()[0].model.trim(),
    cores: availableParallelism(),
    servers,
    packages: await versionsOf(['koa-sess', ...names]),
    command: commandLine(),
  }
}

export function conditions({ node, cpu, cores, servers, packages, command }) {
  const named = [...Object.entries(servers), ...Object.entries(packages)].map((pair) =>
    pair.join(' '),
  )
  return `Node ${node}, ${cores} cores (${cpu}); ${named.join(', ')}; \`${command}\`.`
}

export async function versionsOf(names) {
  const versions = await Promise.all(names.map(async (name) => [name, await versionOf(name)]))
  return Object.fromEntries(versions)
}

async function versionOf(name) {
  const path = name === 'koa-sess' ? 'package.json' : `node_modules/${name}/package.json`
  return JSON.parse(await readFile(new URL(path, ROOT), 'utf8')).version
}

function commandLine() {
  const script = process.env.npm_lifecycle_event
  const args = process.argv.slice(2)
  const command = script ? ['npm run', script, ...(args.length > 0 ? ['--'] : [])] : ['node']
  if (!script) command.push(process.argv[1].replace(/^.*\/(?=bench\/)/, ''))
  return [...command, ...args].join(' ')
}
