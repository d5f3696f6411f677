import * as Net from "node:net"

/**
 * Our end of a pipe, which it closes when it is destroyed.
 *
 * Node's sockets look at process.stderr when they close (lib/net.js), which makes it; and that sets O_NONBLOCK
 * (libuv's uv_pipe_open) on a pipe that a program which runs has from us for its stderr: its writes would fail with
 * EAGAIN.
 */
export const socketOf = (fd: number, options: { readonly readable: boolean }): Net.Socket => {
  // Not at module level: it would have node:net loaded by every command.
  class OurEnd extends Net.Socket {
    override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
      const stderr = Object.getOwnPropertyDescriptor(process, "stderr") as PropertyDescriptor
      Object.defineProperty(process, "stderr", { configurable: true, get: () => undefined })
      try {
        super._destroy(error, callback)
      } finally {
        Object.defineProperty(process, "stderr", stderr)
      }
    }
  }
  return new OurEnd({ fd, readable: options.readable, writable: !options.readable })
}
