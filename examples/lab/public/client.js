// The page is the response to a form: without this, a reload would send the form again.
if (location.pathname.startsWith('/account')) history.replaceState(null, '', '/account')
