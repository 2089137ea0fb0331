import { describe } from 'vitest'
import { storeConformance } from '../storage/store-conformance.ts'
import { openModelStore } from './model-store.ts'

describe('the model of the store', () => storeConformance(async () => openModelStore()))
