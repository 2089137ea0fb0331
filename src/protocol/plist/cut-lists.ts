// A large value with its long lists cut, so that it can be shown.
import { emptyDict, isArray, isBytes, isDate, isWholeReal, type PlistValue } from './value.ts'

/** Keeps so many values at most, if it can: all lists and dictionaries have at most as many entries, however long they were. */
export function cutLists(
  value: PlistValue,
  nodesMax: number,
): { readonly value: PlistValue; readonly isCut: boolean } {
  if (nodesIn(value) <= nodesMax) return { value, isCut: false }
  for (const entriesMax of entriesTried) {
    const cut = cutTo(value, entriesMax)
    if (nodesIn(cut) <= nodesMax) return { value: cut, isCut: true }
  }
  return { value: cutTo(value, 1), isCut: true }
}

/** From a list of 12,000 apps of five keys some thousand are shown. */
const entriesTried = [10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50, 20, 10, 5, 2]

function nodesIn(value: PlistValue): number {
  let nodes = 1
  for (const item of entriesOf(value)) nodes += nodesIn(item)
  return nodes
}

function cutTo(value: PlistValue, entriesMax: number): PlistValue {
  if (isArray(value)) return value.slice(0, entriesMax).map((item) => cutTo(item, entriesMax))
  if (!isContainer(value)) return value
  const dict = emptyDict()
  for (const [key, item] of Object.entries(value).slice(0, Math.max(entriesMax, keysMin)))
    dict[key] = cutTo(item, entriesMax)
  return dict
}

/** A report's own keys, Status and CommandUUID among them, are never cut. */
const keysMin = 64

const entriesOf = (value: PlistValue): readonly PlistValue[] =>
  isArray(value) ? value : isContainer(value) ? Object.values(value) : []

const isContainer = (value: PlistValue): value is { readonly [key: string]: PlistValue } =>
  typeof value === 'object' &&
  !isArray(value) &&
  !isBytes(value) &&
  !isDate(value) &&
  !isWholeReal(value)
