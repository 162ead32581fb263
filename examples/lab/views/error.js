import { STATUS_CODES } from 'node:http'
import { html } from '../html.js'
import { layout } from './layout.js'

const EXPLAINED = {
  401: 'This session is bound to a device, and this browser did not prove that it is the one.',
  403: 'This form was sent from another site.',
  404: 'There is no page at this address.',
  413: 'The form is too long.',
  503: 'The session store does not answer. Try again in a moment.',
}

/** `setCookie`: the cookies of this answer. */
export function renderError(status, { isStopped, setCookie }) {
  const name = STATUS_CODES[status] ?? 'Error'
  return layout({
    title: name,
    page: isStopped && '/account',
    main: html`
      <h1>${status} ${name}</h1>
      ${status === 503 && isStopped ? stopped(setCookie) : other(status)}`,
  })
}

const other = (status) => html`
  <section class="card narrow">
    <p>${EXPLAINED[status] ?? 'Something went wrong on the server; see its log.'}</p>
    <p><a href="/account">Back to the login</a></p>
  </section>`

const stopped = (setCookie) => html`
  <section class="card narrow" aria-labelledby="stopped">
    <h2 id="stopped">The store is stopped</h2>
    <p>A store that fails is an error, and never a new, empty session. This answer sent
      ${setCookie.length === 0 ? 'no cookie, so your browser keeps the one that it has' : setCookie.join(', ')}.</p>
    <form method="post" action="/store/start"><button class="primary" autofocus>Start the store</button></form>
    <p><a href="/account">Try without it</a></p>
  </section>`
