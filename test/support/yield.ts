import { afterEach } from "vitest"

/**
 * Lets vitest's worker hear from its main process between tests. One whose tests start programs synchronously, one after the other,
 * would not for the whole file, and vitest gives up on an answer after 60 s.
 */
afterEach(() => new Promise<void>((resolve) => setTimeout(resolve, 0)))
