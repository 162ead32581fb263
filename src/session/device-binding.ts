/**
 * The session's key that holds the device that the session is bound to. `koa-sess/device-bound` sets
 * it, and nothing else does.
 */
export const BINDING_KEY = 'deviceBinding'

/**
 * Who decides on the binding of a session. `free`: its handlers. Otherwise what is stored counts.
 * `kept`: the binding goes along to a new id. `anew`: it does not.
 */
export type BindingRule = 'free' | 'kept' | 'anew'
