// The answer to a form is the page itself: loading it again shall not send the form again.
history.replaceState(null, '', '/')
