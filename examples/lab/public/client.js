// The page is the response to a form: without this, a reload would send the form again.
if (location.pathname.startsWith('/account')) history.replaceState(null, '', '/account')

const ENDS = {
  ended: 'This session was ended elsewhere. Load the page again.',
  moved: 'This session got a new id in another tab. Load the page again.',
  expired: 'This session has expired. Load the page again.',
}

// The live line: the server closes it when the session ends, wherever that is.
const line = document.getElementById('live')
if (line) {
  const source = new EventSource('/account/live')
  source.addEventListener('open', () => {
    line.textContent = 'Live: this page is connected as long as its session lives.'
  })
  source.addEventListener('end', ({ data }) => {
    source.close()
    line.textContent = ENDS[data]
  })
}
