// Other programs that want to be told, and what they were or are yet to be told.

export type WebhookRow = {
  readonly id: string
  readonly name: string
  readonly url: string
  readonly kind: 'nanomdm' | 'standard'
  /** JSON array of what it wants to hear of; an empty one means everything. */
  readonly topics: string
  readonly secret_ref: string | null
  /** The one before it, which signs along until then by the steady clock; both null when there is none. */
  readonly former_secret_ref: string | null
  readonly former_until: number | null
  readonly enabled: 0 | 1
  /** Why it was switched off, when the receiver or we did that. */
  readonly disabled_reason: string | null
  /** The last journal row that was turned into a delivery. */
  readonly cursor: number
  readonly created_at: number
  readonly created_by: string
}

export type DeliveryState = 'pending' | 'delivered' | 'failed'

/** One message to one webhook. In order of commit within a host. */
export type DeliveryRow = {
  readonly id: string
  readonly webhook_id: string
  readonly host_id: string
  readonly topic: string
  /** Where the sealed body is kept. */
  readonly payload_ref: string
  readonly state: DeliveryState
  readonly attempts: number
  readonly due_at: number
  readonly created_at: number
  readonly finished_at: number | null
  readonly last_status: number | null
  readonly last_error: string | null
}
