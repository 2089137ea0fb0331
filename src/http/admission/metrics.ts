import { Counter, Gauge, type Registry } from 'prom-client'
import type { AdmissionStats } from './admission.ts'

/** Who waits at the door, and who was sent away. */
export function watchAdmission(stats: () => AdmissionStats, registers: Registry[]): void {
  new Gauge({
    name: 'muster_requests_waiting',
    help: 'Requests that have not begun.',
    registers,
    collect() {
      this.set(stats().waiting)
    },
  })
  new Gauge({
    name: 'muster_connections_in_line',
    help: 'Connections that wait for the turn of a request.',
    registers,
    collect() {
      this.set(stats().inLine)
    },
  })
  new Gauge({
    name: 'muster_line_seconds',
    help: 'How long the request that began last stood in line.',
    registers,
    collect() {
      this.set(stats().inLineMs / 1_000)
    },
  })
  new Counter({
    name: 'muster_requests_refused_total',
    help: 'Requests refused because more came than can be answered in time.',
    registers,
    collect() {
      this.reset()
      this.inc(stats().refused)
    },
  })
}
