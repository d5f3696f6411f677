const units = [
  ["s", 1000],
  ["m", 60],
  ["h", 60],
  ["d", 24]
] as const

/** A duration in its largest unit: "45s", "12m", "3h", "9d". A negative one is "0s": clocks of two machines differ. */
export const age = (millis: number): string => {
  let shown = "0s"
  let count = Math.max(0, millis)
  for (const [unit, size] of units) {
    count = Math.floor(count / size)
    if (count === 0) break
    shown = `${count}${unit}`
  }
  return shown
}
