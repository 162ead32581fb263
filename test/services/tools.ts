import { execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

export interface Tool {
  /** What the program is called, in the order to look for it on PATH. */
  names: string[]
  /** The Debian package that has it. */
  package: string
  /** What to set instead of installing it. */
  variable: string
}

export function find({ names }: Pick<Tool, 'names'>): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable)
}

/** The path of a tool, installed with apt-get where this process may do that. */
export function ensure(tool: Tool): string {
  if (!find(tool) && mayInstall()) install(tool.package)
  const path = find(tool)
  if (path) return path
  throw new Error(
    `These tests need ${tool.names.join(' or ')} on PATH: install it ` +
      `(on Debian and Ubuntu: apt-get install ${tool.package}), or set ${tool.variable}.`,
  )
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function mayInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version')
}

function install(name: string): void {
  console.log(`Installing ${name} with apt-get`)
  // RUNLEVEL=1 keeps the package from starting a service of its own.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const apt = (...args: string[]) =>
    execFileSync('apt-get', ['-qq', ...args], { env, stdio: 'pipe' })
  apt('update')
  apt('install', '--yes', '--no-install-recommends', name)
}
