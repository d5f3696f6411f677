import { afterEach } from "vitest"
import { seed } from "./random.ts"

afterEach(({ task }) => {
  if (task.result?.state === "fail") console.error(`TAKO_TEST_SEED=${seed} repeats the random choices.`)
})
