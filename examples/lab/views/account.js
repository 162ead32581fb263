import { html } from '../html.js'
import { layout } from './layout.js'
import { clock, shorten } from './text.js'

export function renderAccount(view) {
  const { session, storeName, note } = view
  return layout({
    title: session ? `${session.name} is logged in` : 'Log in',
    page: '/account',
    main: html`
      <h1>A login, and what its session does</h1>
      ${note && html`<p class="note" id="note" role="status">${note}</p>`}
      <div class="columns">
        <div>${session ? [account(view), devices(view)] : login(view)} ${storeButton()}</div>
        <div>${record(view)} ${response(view)}</div>
      </div>`,
    footer: html`<p>Sessions are kept in <strong>${storeName}</strong>${
      storeName === 'memory' && ' and end with the server; set REDIS_URL to keep them in Redis'
    }.</p>`,
  })
}

function login({ invalid, longestName }) {
  return html`
    <section class="card" aria-labelledby="login">
      <h2 id="login">Log in</h2>
      <form method="post" action="/account/login">
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
  const focused = path === '/account/regenerate' ? path : '/account/count'
  const described = note && html`aria-describedby="note"`
  const button = (action, text, look) => html`
    <form method="post" action="${action}">
      <button class="${look}" ${action === focused && html`autofocus ${described}`}>${text}</button>
    </form>`
  return html`
    <section class="card" aria-labelledby="account">
      <h2 id="account">Hello, ${session.name}</h2>
      <p class="live" id="live" role="status"></p>
      <p class="counter"><strong>${session.count}</strong> <span>counted in this session</span></p>
      <div class="buttons">
        ${button('/account/count', 'Count', 'primary')}
        ${button('/account/regenerate', 'New session id')}
        ${button('/account/logout', 'Log out')}
      </div>
    </section>`
}

function devices({ devices }) {
  const isAlone = devices.length < 2
  return html`
    <section class="card" aria-labelledby="devices">
      <h2 id="devices">Your devices</h2>
      <ul class="devices">${devices.map(device)}</ul>
      ${
        isAlone
          ? html`<p class="hint">Log in with the same name in another browser, or in a private window, and
              load this page again.</p>`
          : html`<form method="post" action="/account/end-others"><button>End all others</button></form>`
      }
    </section>`
}

function device({ handle, current, createdAt, info, bound }) {
  return html`
    <li>
      <p><strong>${info.browser}</strong> since <span class="time">${clock(createdAt)}</span>${
        bound && ', bound to its device'
      }</p>
      ${
        current
          ? html`<p class="tag">This browser</p>`
          : html`<form method="post" action="/account/end">
              <input type="hidden" name="handle" value="${handle}">
              <button>End<span class="hidden"> ${info.browser} since ${clock(createdAt)}</span></button>
            </form>`
      }
    </li>`
}

function storeButton() {
  return html`
    <section class="card" aria-labelledby="store">
      <h2 id="store">When the store fails</h2>
      <p>Stop the store, look at the answer, and start it again: you are still logged in.</p>
      <form method="post" action="/store/stop"><button>Stop the store</button></form>
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
        html`<ul class="lines">${setCookie.map((line) => html`<li><code>Set-Cookie: ${withoutSecret(line)}</code></li>`)}</ul>`
      }
      <p><a href="/account">Load the page again</a></p>
    </section>`
}

function withoutSecret(line) {
  return line.replace(/=([^;]*)/, (_, value) => `=${shorten(value)}`)
}
