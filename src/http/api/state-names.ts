import type { StateShape } from '../../ui/diagram/chart.ts'

/** The states below one, dotted, parents before children: the words a filter on it knows. */
export const stateNames = (state: StateShape | undefined, parent = ''): readonly string[] =>
  Object.values(state?.states ?? {}).flatMap((child) => [
    parent + child.key,
    ...stateNames(child, `${parent}${child.key}.`),
  ])
