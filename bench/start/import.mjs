// Prints the time to load a package after Koa, in ms: node import.mjs NAME
await import('koa')
const begun = performance.now()
await import(process.argv[2])
console.log(performance.now() - begun)
