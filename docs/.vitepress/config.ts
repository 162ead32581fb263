import { defineConfig } from 'vitepress'
import { repositoryLinks } from './links.js'
import { addressOf, sidebar, WIDE } from './pages.js'

/** Anchors as GitHub makes them, so that a link works on both. */
function slugify(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
    .replaceAll(' ', '-')
}

export default defineConfig({
  title: 'koa-sess',
  description: 'Session middleware for Koa that stays correct under concurrent requests',
  lang: 'en',
  srcDir: '..',
  srcExclude: ['{node_modules,src,test,bench,examples,scripts,sql,dist,.*}/**'],
  rewrites: addressOf,
  // README names the address of the example.
  ignoreDeadLinks: 'localhostLinks',
  markdown: {
    anchor: { slugify },
    attrs: { disable: true },
    languageAlias: { mjs: 'js' },
    config: (md) => md.use(repositoryLinks),
  },
  transformPageData: ({ frontmatter, relativePath }) => {
    if (WIDE.includes(relativePath)) frontmatter.aside = false
  },
  themeConfig: {
    sidebar,
    outline: [2, 3],
    search: {
      provider: 'local',
      options: {
        // Decisions explain the code to contributors: they would hide the guides.
        _render: (source, env, md) =>
          env.relativePath.includes('decisions/') ? '' : md.render(source, env),
      },
    },
  },
})
