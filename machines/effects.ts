// Everything a machine may ask of the world. Machines name these; the runtime performs them once
// the turn is durable. The implementations here do nothing, so a machine alone stays pure.

/** The next thing for a channel that is talking to us. */
export type Reply =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'command'; readonly commandUUID: string }
  /** An operator's request was taken or, with the reason, refused. */
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly reason: string }

/** A line for the journal beyond the state changes, which are written without being asked for. */
export type Note = {
  readonly event: string
  readonly actor?: string
  readonly detail: Readonly<Record<string, string | number | boolean | null>>
}

/** When a timer rings: at a moment of the time that never goes back, or so long after the turn that asks for it. */
export type AlarmWish =
  | { readonly name: string; readonly dueAt: number }
  | { readonly name: string; readonly afterMs: number }

export type Effects = {
  readonly reply: Reply
  readonly note: Note
  /** Durable timer: an `alarm` event with this name comes back, restarts or not. */
  readonly 'alarm.set': AlarmWish
  readonly 'alarm.cancel': { readonly name: string }
  /** Wake a channel. Coalesced per channel. */
  readonly 'apns.push': { readonly channel: string }
  /** Forget a sealed secret. */
  readonly 'secret.drop': { readonly ref: string }
}

/** An effect as an action names it. */
export type EffectAction = {
  readonly [Name in keyof Effects]: { readonly type: Name; readonly params: Effects[Name] }
}[keyof Effects]

/** The effects that leave the process and so go through the outbox. */
export const outboxEffects = ['apns.push'] as const satisfies readonly (keyof Effects)[]

const named =
  <Name extends keyof Effects>() =>
  (_args: unknown, _params: Effects[Name]): void => {}

export const effects = {
  reply: named<'reply'>(),
  note: named<'note'>(),
  'alarm.set': named<'alarm.set'>(),
  'alarm.cancel': named<'alarm.cancel'>(),
  'apns.push': named<'apns.push'>(),
  'secret.drop': named<'secret.drop'>(),
}
