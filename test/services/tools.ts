import { execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

export interface Tool {
  /** What the program is called, in the order to look for it on PATH. */
  names: string[]
  /** Where else to look: a folder, or a pattern of folders. */
  folders?: string
  /** The Debian package that has it; several with spaces between them. */
  package: string
  /** What to set instead of installing it. */
  variable: string
}

export function find({ names, folders: more }: Pick<Tool, 'names' | 'folders'>) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...matching(more)]
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable)
}

/** Installs with apt-get what is not there, where this process may do that. */
export function installMissing(...tools: Tool[]): void {
  const packages = tools.filter((tool) => !find(tool)).flatMap((tool) => tool.package.split(' '))
  if (packages.length > 0 && mayInstall()) install(packages)
}

/** The path of a tool, installed with apt-get where this process may do that. */
export function ensure(tool: Tool): string {
  installMissing(tool)
  const path = find(tool)
  if (path) return path
  throw new Error(
    `These tests need ${tool.names.join(' or ')} on PATH: install it ` +
      `(on Debian and Ubuntu: apt-get install ${tool.package}), or set ${tool.variable}.`,
  )
}

/** The folders that there are for a pattern with one star, the highest version first. */
function matching(pattern = ''): string[] {
  const [before = '', after] = pattern.split('*')
  if (after === undefined) return [pattern]
  if (!existsSync(before)) return []
  const versions = readdirSync(before).sort((a, b) => Number(b) - Number(a))
  return versions.map((version) => before + version + after)
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

function install(packages: string[]): void {
  console.log(`Installing ${packages.join(' ')} with apt-get`)
  // RUNLEVEL=1 keeps the package from starting a service of its own.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  // Test files run side by side: one of them installs, and the others wait for it.
  const lock = join(tmpdir(), 'koa-sess-apt.lock')
  const apt = (...args: string[]) =>
    execFileSync('flock', [lock, 'apt-get', '-qq', ...args], { env, stdio: 'pipe' })
  if (packages.includes('postgresql')) noCluster()
  apt('update')
  apt('install', '--yes', '--no-install-recommends', ...packages)
}

/** Keeps the package of PostgreSQL from creating a database. */
function noCluster(): void {
  const folder = '/etc/postgresql-common'
  const file = join(folder, 'createcluster.conf')
  if (existsSync(file)) return
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, 'create_main_cluster = false\n')
}
