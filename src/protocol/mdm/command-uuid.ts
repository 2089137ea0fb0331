/**
 * The form of every CommandUUID we hand out and every one we take back: it becomes the id of an actor, a
 * row and a path segment.
 */
export const isCommandUuid = (text: string): boolean => /^[A-Za-z0-9-]{1,64}$/.test(text)
