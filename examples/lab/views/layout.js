import { readFileSync } from 'node:fs'
import { html } from '../html.js'

const ICON = readFileSync(new URL('icon.svg', import.meta.url), 'base64')
const ICON_URL = `data:image/svg+xml;base64,${ICON}`

const PAGES = [
  { name: 'Races', href: '/' },
  { name: 'A login', href: '/account' },
]

export function layout({ title, page, main, footer }) {
  return String(html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width">
  <meta name="color-scheme" content="light dark">
  <title>${title} · koa-sess</title>
  <link rel="icon" href="${ICON_URL}">
  <link rel="stylesheet" href="/style.css">
  <link rel="stylesheet" href="/races.css">
  <script src="/client.js" defer></script>
</head>
<body>
  <header>
    <p class="brand"><img src="${ICON_URL}" alt="" width="32" height="32"> koa-sess <small>sessions for Koa</small></p>
    <nav aria-label="Pages">
      <ul>${PAGES.map(({ name, href }) => html`<li><a href="${href}" ${href === page && html`aria-current="page"`}>${name}</a></li>`)}</ul>
    </nav>
  </header>
  <main>${main}</main>
  <footer>${footer}</footer>
</body>
</html>
`)
}
