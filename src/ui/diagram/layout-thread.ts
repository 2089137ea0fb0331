// elkjs is a megabyte of compiled Java that computes for hundreds of milliseconds without a pause,
// so it runs here, in a thread of its own, and never where requests are answered.
import { parentPort } from 'node:worker_threads'
import elkjs from 'elkjs/lib/elk.bundled.js'
import type { Job, Reply } from './thread.ts'
import { geometryOf } from './geometry.ts'
import { graphOf } from './graph.ts'

if (parentPort === null) throw new Error('layout-thread.ts runs as a worker thread')
const port = parentPort
const elk = new elkjs.default()

port.on('message', (job: Job) => {
  void answer(job).then((reply) => port.postMessage(reply))
})

async function answer({ ticket, chart, direction }: Job): Promise<Reply> {
  try {
    const canvas = await elk.layout(graphOf(chart, direction))
    return { ticket, geometry: geometryOf(chart, direction, canvas) }
  } catch (thrown) {
    // The message only: the stack of an ELK exception prints the whole minified file.
    return { ticket, message: thrown instanceof Error ? thrown.message : String(thrown) }
  }
}
