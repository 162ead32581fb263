// Built into CommonJS, a default export with nothing beside it becomes `module.exports`.
export { default } from '../index.js'
