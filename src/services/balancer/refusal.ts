import type { ServerResponse } from "node:http"

const reasons = {
  400: "Bad Request",
  408: "Request Timeout",
  421: "Misdirected Request",
  501: "Not Implemented",
  502: "Bad Gateway",
  503: "Service Unavailable",
  504: "Gateway Timeout"
} as const

export type RefusalStatus = keyof typeof reasons

/** Answers in the app's place, in plain text. */
export const refuse = (
  response: ServerResponse,
  status: RefusalStatus,
  why: string,
  close: boolean
): void => {
  const text = `${status} ${reasons[status]}: ${why}\n`
  const fields = [
    "Content-Type",
    "text/plain; charset=utf-8",
    "Content-Length",
    `${text.length}`,
    "Cache-Control",
    "no-store"
  ]
  if (status === 503) fields.push("Retry-After", "1")
  if (close) fields.push("Connection", "close")
  response.writeHead(status, reasons[status], fields)
  response.end(text, "latin1")
}
