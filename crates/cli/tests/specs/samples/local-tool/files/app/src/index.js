import { remember } from './handler.js'

let ready = false

export function activate(ctx) {
  ready = true
}

export function deactivate(ctx) {
  ready = false
}

export async function invoke(name, args, ctx) {
  if (name === 'remember') return remember(args, ready)
  throw new Error(`no tool ${name}`)
}
