/** Time and chance, from outside: the runtime has no other source of either. */
export type World = {
  /** Milliseconds since 1970. */
  now(): number
  /** Runs `task` once after `delayMs` unless cancelled first. Never keeps the process alive. */
  later(task: () => void, delayMs: number): { cancel(): void }
  /** A fresh UUIDv7. */
  uuid(): string
  /** Uniform in [0, 1). */
  random(): number
}
