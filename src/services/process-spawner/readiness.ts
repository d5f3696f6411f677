import * as Fs from "node:fs"
import type * as Net from "node:net"
import { maxReportLength, type PortReport, portReport } from "../../domain/port-report.ts"
import { socketOf } from "./socket.ts"

/** Reading fd 4 of a process. */
export interface Readiness {
  /** The process has ended: what it has written counts, and there will be no more. Closes our end. */
  readonly finish: () => void
}

/** Tells once what is written into the pipe, whose read end, which does not block, is closed then. Throws an errno. */
export const readReadiness = (readEnd: number, onReport: (report: PortReport) => void): Readiness => {
  const socket = open(readEnd)
  let seen = Buffer.alloc(0)
  let told = false
  const take = (more: Uint8Array, isEnd: boolean): void => {
    if (told) return
    seen = Buffer.concat([seen, more]).subarray(0, maxReportLength)
    const report = portReport(seen, isEnd)
    if (report === undefined) return
    told = true
    socket.destroy()
    onReport(report)
  }
  const end = () => take(noBytes, true)
  socket.on("data", (chunk: Buffer) => take(chunk, false))
  socket.once("end", end).once("close", end).on("error", end)
  return { finish: () => take(told ? noBytes : readNow(readEnd), true) }
}

const open = (readEnd: number): Net.Socket => {
  try {
    return socketOf(readEnd, { readable: true })
  } catch (error) {
    Fs.closeSync(readEnd)
    throw error
  }
}

const noBytes = new Uint8Array()

/** What has been written and not been read yet; the end of a process may be known before the last of its words. */
const readNow = (fd: number): Uint8Array => {
  const bytes = new Uint8Array(maxReportLength)
  try {
    return bytes.subarray(0, Fs.readSync(fd, bytes))
  } catch {
    // EAGAIN: nothing, and another process has the other end.
    return noBytes
  }
}
