/**
 * Scenes as data: what one user does, for the table in docs/races.md and for the lab (examples/lab).
 * `requests`: where each is sent (`tab`), and its steps (`does`, see steps.mjs). `order`: `send` is a
 * request from beginning to end; `begin` sends one that waits in its handler, and `finish` lets it go on.
 * `expect`: `cookieOf` names the request after which the browser has its final cookie, and `dead` the
 * request whose cookie must load no session at the end. `has` and `lacks` are about the session's data.
 * `right` and `wrong` say in the lab what was seen; a fault without a text in `wrong` gets a general one.
 */
export const SCENES = {
  logout: {
    title: 'Log out while an upload runs',
    story:
      'Ada uploads a photo. Before the upload is complete, she logs out in a second tab. Is she logged out?',
    requests: {
      login: { tab: 'Tab 1', label: 'Log in', does: 'set:user:ada' },
      upload: { tab: 'Tab 1', label: 'Upload', does: 'wait,set:photo:cat' },
      logout: { tab: 'Tab 2', label: 'Log out', does: 'logout' },
    },
    order: [{ send: 'login' }, { begin: 'upload' }, { send: 'logout' }, { finish: 'upload' }],
    expect: { cookieOf: 'logout', dead: 'login' },
    right: 'Stays logged out',
    wrong: { revived: 'Logged in again' },
  },
  settings: {
    title: 'Two tabs save different settings',
    story:
      'Ada chooses German in one tab and the dark theme in another, at the same moment. Are both saved?',
    requests: {
      login: { tab: 'Tab 1', label: 'Log in', does: 'set:user:ada' },
      language: { tab: 'Tab 1', label: 'Language', does: 'wait,set:lang:de' },
      theme: { tab: 'Tab 2', label: 'Theme', does: 'set:theme:dark' },
    },
    order: [{ send: 'login' }, { begin: 'language' }, { send: 'theme' }, { finish: 'language' }],
    expect: { cookieOf: 'login', has: { user: 'ada', lang: 'de', theme: 'dark' } },
    right: 'Both are saved',
    wrong: { lost: 'One setting is lost' },
  },
  buy: {
    title: 'Two clicks on Buy',
    story:
      'Ada wants two tickets and clicks twice, faster than the shop answers. Are two in her basket?',
    requests: {
      login: { tab: 'Click 1', label: 'Log in', does: 'set:user:ada' },
      first: { tab: 'Click 1', label: 'Buy', does: 'add:tickets' },
      second: { tab: 'Click 2', label: 'Buy', does: 'add:tickets' },
    },
    order: [
      ...[{ send: 'login' }, { begin: 'first' }, { begin: 'second' }],
      ...[{ finish: 'first' }, { finish: 'second' }],
    ],
    expect: { cookieOf: 'login', has: { tickets: 2 } },
    right: 'Both tickets are in',
    wrong: { lost: 'One ticket is lost' },
  },
  login: {
    title: 'Login in two windows',
    story:
      'Ada logs in from two windows at once. Each login takes a new session id. Is only the session left that her browser has?',
    requests: {
      visit: { tab: 'Window 1', label: 'Visit', does: 'set:cart:tea' },
      first: { tab: 'Window 1', label: 'Log in', does: 'wait,regenerate,set:user:ada' },
      second: { tab: 'Window 2', label: 'Log in', does: 'wait,regenerate,set:user:ada' },
    },
    order: [
      ...[{ send: 'visit' }, { begin: 'first' }, { begin: 'second' }],
      ...[{ finish: 'first' }, { finish: 'second' }],
    ],
    expect: { cookieOf: 'second', dead: 'visit', has: { user: 'ada' } },
    right: 'One login remains',
    wrong: { orphan: 'A stray login remains' },
  },
}
