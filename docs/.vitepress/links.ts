import { posix, relative } from 'node:path'
import type { MarkdownRenderer } from 'vitepress'
import { linkTo, ROOT } from './pages.js'

type Token = ReturnType<MarkdownRenderer['parse']>[number]

/**
 * Turns the links between files of the repository into links of the site. A link to a file that is no
 * page, such as a test, becomes text. A link to a page that does not exist fails the build.
 */
export function repositoryLinks(md: MarkdownRenderer): void {
  md.core.ruler.push('repository-links', ({ tokens, env }) => {
    for (const { children } of tokens) if (children) rewrite(children, sourceOf(env))
  })
}

/** The file of a page. Of a page that has another address than its file, `path` is the address. */
function sourceOf({ realPath, path = '' }: { realPath?: string; path?: string }): string {
  return relative(ROOT, realPath ?? path).replaceAll('\\', '/')
}

function rewrite(tokens: Token[], source: string): void {
  let isText = false
  for (const token of tokens) {
    if (token.type === 'link_open') {
      const href = siteLink(String(token.attrGet('href')), source)
      isText = href === undefined
      if (href !== undefined) token.attrSet('href', href)
    }
    if (isText && /^link_/.test(token.type)) {
      if (token.type === 'link_close') isText = false
      token.type = 'text'
      token.content = ''
      token.attrs = null
      token.nesting = 0
    }
  }
}

/** Undefined: it leads to a file that the site does not have. */
function siteLink(href: string, source: string): string | undefined {
  if (/^([a-z]+:|#|\/)/i.test(href)) return href
  const [path = '', anchor] = href.split('#', 2)
  const page = linkTo(posix.join(posix.dirname(source), path))
  return page && (anchor === undefined ? page : `${page}#${anchor}`)
}
