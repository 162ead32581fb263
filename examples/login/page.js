import { readFileSync } from 'node:fs'
import { STATUS_CODES } from 'node:http'
import { html } from './html.js'

const SHOWN = 4
const ICON = readFileSync(new URL('icon.svg', import.meta.url), 'base64')
const ICON_URL = `data:image/svg+xml;base64,${ICON}`

export function renderPage(view) {
  const { session, storeName } = view
  return layout(
    session ? `${session.name} is logged in` : 'Log in',
    html`
      ${view.note && html`<p class="note" id="note" role="status">${view.note}</p>`}
      <div class="columns">
        ${session ? account(view) : login(view)}
        <div>${record(view)} ${response(view)}</div>
      </div>`,
    html`<p>Sessions are kept in <strong>${storeName}</strong>${
      storeName === 'memory' && ' and end with the server; set REDIS_URL to keep them in Redis'
    }.</p>`,
  )
}

export function renderError(status) {
  return layout(
    STATUS_CODES[status] ?? 'Error',
    html`
      <section class="card" aria-labelledby="error">
        <h2 id="error">${status} ${STATUS_CODES[status]}</h2>
        <p>${EXPLAINED[status] ?? 'Something went wrong on the server; see its log.'}</p>
        <p><a href="/">Back to the login</a></p>
      </section>`,
  )
}

const EXPLAINED = {
  401: 'This session is bound to a device, and this browser did not prove that it is the one.',
  403: 'This form was sent from another site.',
  404: 'There is no page at this address.',
  413: 'The form is too long.',
  503: 'The session store does not answer. Try again in a moment.',
}

function login({ invalid, longestName }) {
  return html`
    <section class="card" aria-labelledby="login">
      <h2 id="login">Log in</h2>
      <form method="post" action="/login">
        <label for="name">Your name</label>
        <input id="name" name="name" autocomplete="username" maxlength="${longestName}"
          required autofocus aria-describedby="${invalid ? 'invalid ' : ''}hint"
          ${invalid && html`aria-invalid="true"`}>
        ${invalid && html`<p class="invalid" id="invalid" role="alert">${invalid}</p>`}
        <p class="hint" id="hint">Any name works: this example asks for no password.</p>
        <button class="primary">Log in</button>
      </form>
    </section>`
}

function account({ session, path, note }) {
  // The focus stays on the same button, so that Enter counts again.
  const focused = path === '/regenerate' ? path : '/count'
  const described = note && html`aria-describedby="note"`
  const button = (action, text, look) => html`
    <form method="post" action="${action}">
      <button class="${look}" ${action === focused && html`autofocus ${described}`}>${text}</button>
    </form>`
  return html`
    <section class="card" aria-labelledby="account">
      <h2 id="account">Hello, ${session.name}</h2>
      <p class="counter"><strong>${session.count}</strong> <span>counted in this session</span></p>
      <div class="buttons">
        ${button('/count', 'Count', 'primary')}
        ${button('/regenerate', 'New session id')}
        ${button('/logout', 'Log out')}
      </div>
    </section>`
}

function record({ id, session, boundDevice }) {
  return html`
    <section class="card" aria-labelledby="session">
      <h2 id="session">Your session</h2>
      ${
        session
          ? html`
            <p>Id <code>${shorten(id)}</code> <span class="hint">(the rest stays secret)</span></p>
            <p>${
              boundDevice
                ? html`Bound to this device since <code>${new Date(boundDevice.since).toISOString()}</code>.`
                : 'Not bound to a device.'
            }</p>
            <pre><code>${JSON.stringify(session, null, 2)}</code></pre>`
          : html`<p>None. Without data nothing is stored and no cookie is sent.</p>`
      }
    </section>`
}

function response({ method, path, status, setCookie }) {
  return html`
    <section class="card" aria-labelledby="response">
      <h2 id="response">This response</h2>
      <p><code>${method} ${path}</code> was answered with <code>${status}</code> and
        ${setCookie.length > 0 ? 'these cookies:' : 'no cookie: nothing changed in the session.'}</p>
      ${
        setCookie.length > 0 &&
        html`<ul>${setCookie.map((line) => html`<li><code>Set-Cookie: ${withoutSecret(line)}</code></li>`)}</ul>`
      }
      <p><a href="/">Load the page again</a></p>
    </section>`
}

function withoutSecret(line) {
  return line.replace(/=([^;]*)/, (_, value) => `=${shorten(value)}`)
}

function shorten(secret) {
  return secret.length > SHOWN ? `${secret.slice(0, SHOWN)}…` : secret
}

function layout(title, main, footer) {
  return String(html`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width">
  <meta name="color-scheme" content="light dark">
  <title>${title} · koa-sess</title>
  <link rel="icon" href="${ICON_URL}">
  <link rel="stylesheet" href="/style.css">
  <script src="/client.js" defer></script>
</head>
<body>
  <header>
    <h1><img src="${ICON_URL}" alt="" width="36" height="36"> koa-sess</h1>
    <p>A login, and what its session does.</p>
  </header>
  <main>${main}</main>
  <footer>${footer}</footer>
</body>
</html>
`)
}
