// A thread that answers until it is told to die.
import { parentPort } from 'node:worker_threads'

parentPort?.on('message', (message: string) => {
  if (message === 'exit') process.exit(3)
  if (message === 'throw') throw new Error('out of order')
  parentPort?.postMessage(message)
})
parentPort?.postMessage('ready')
