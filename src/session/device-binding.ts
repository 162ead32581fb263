/**
 * The session's key that holds the device that the session is bound to. `koa-sess/device-bound` sets
 * it, and nothing else does.
 */
export const BINDING_KEY = 'deviceBinding'
