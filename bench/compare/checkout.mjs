import { execFile } from 'node:child_process'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const exec = promisify(execFile)
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const git = (...args) => exec('git', args, { cwd: ROOT })

/** Checks a revision out into a new worktree and builds it with the packages installed here. */
export async function checkOut(revision) {
  const { stdout } = await git('rev-parse', '--short', '--verify', `${revision}^{commit}`)
  const commit = stdout.trim()
  const temp = await mkdtemp(join(tmpdir(), 'koa-sess-compare-'))
  const folder = join(temp, commit)
  const remove = async () => {
    await git('worktree', 'remove', '--force', folder).catch(() => git('worktree', 'prune'))
    await rm(temp, { recursive: true, force: true })
  }
  try {
    await git('worktree', 'add', '--detach', folder, commit)
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    await exec('npm', ['run', '--silent', 'build'], { cwd: folder })
    return { commit, folder, remove }
  } catch (error) {
    await remove()
    throw error
  }
}
