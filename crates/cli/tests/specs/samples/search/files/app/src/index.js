export { search } from './handler.js'
