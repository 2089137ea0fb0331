/** Time and chance, from outside: the runtime has no other source of either. */
export type World = {
  /** Milliseconds since 1970, as the machine believes: it may jump. For telling when something was. */
  now(): number
  /** The same that never goes back, over a restart either. For what is due or runs out, and for waiting. */
  steady(): number
  /** Runs `task` once after `delayMs` unless cancelled first. Never keeps the process alive. */
  later(task: () => void, delayMs: number): { cancel(): void }
  /** A fresh UUIDv7. */
  uuid(): string
  /** Uniform in [0, 1). */
  random(): number
}
