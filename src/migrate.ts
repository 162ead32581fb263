export { type MigratingOptions, migrating } from './stores/migrating/store.js'
