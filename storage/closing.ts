/** What a store says to those who ask while it closes. */
export const closingReason = 'the store is closing'
