"""Runs a command under a new pseudo-terminal and plays a script of steps on it.

Reads one JSON object from stdin (pty.ts has its type) and prints the transcript as one JSON object. The command is a
session leader whose controlling terminal is the pty. Standard library only; pty(7), termios(3).
"""

import base64
import errno
import fcntl
import json
import os
import re
import secrets
import select
import signal
import struct
import sys
import termios
import time

IFLAG, OFLAG, LFLAG = 0, 1, 3
FLAGS = {
    "ECHO": (LFLAG, termios.ECHO),
    "ICANON": (LFLAG, termios.ICANON),
    "ISIG": (LFLAG, termios.ISIG),
    "IEXTEN": (LFLAG, termios.IEXTEN),
    "ICRNL": (IFLAG, termios.ICRNL),
    "IXON": (IFLAG, termios.IXON),
    "OPOST": (OFLAG, termios.OPOST),
}


class Late(Exception):
    pass


class Session:
    def __init__(self, spec):
        self.deadline = time.monotonic() + spec.get("timeoutSeconds", 50)
        self.output = b""
        self.seen = 0
        self.status = None
        self.reports = []
        self.master, self.slave = os.openpty()
        self.resize(spec.get("columns", 80), spec.get("rows", 24))
        self.initial = self.attributes()
        self.child = self.start(spec)

    def start(self, spec):
        name = os.ttyname(self.slave)
        child = os.fork()
        if child != 0:
            return child
        try:
            os.setsid()
            tty = os.open(name, os.O_RDWR)
            fcntl.ioctl(tty, termios.TIOCSCTTY, 0)
            redirect = spec.get("redirect", {})
            for fd, stream in enumerate(("stdin", "stdout", "stderr")):
                target = redirect.get(stream)
                if target is None:
                    os.dup2(tty, fd)
                elif target == "closed":
                    os.close(fd)
                else:
                    flags = os.O_RDONLY if fd == 0 else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
                    opened = os.open(target, flags, 0o600)
                    os.dup2(opened, fd)
                    os.close(opened)
            os.closerange(3, 256)
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_SETMASK, [])
            if "directory" in spec:
                os.chdir(spec["directory"])
            os.execvpe(spec["command"][0], spec["command"], spec.get("environment", dict(os.environ)))
        except BaseException as error:  # the child must never run on into the parent's code
            try:
                os.write(2, ("pty.py: %r\n" % error).encode())
            except OSError:
                pass
        os._exit(127)

    def attributes(self):
        return termios.tcgetattr(self.master)

    def flags(self):
        attributes = self.attributes()
        return {name: bool(attributes[index] & bit) for name, (index, bit) in FLAGS.items()}

    def resize(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def pump(self, seconds):
        """Reads the terminal's output for up to that time; returns whether there was any."""
        if time.monotonic() > self.deadline:
            raise Late()
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return False
        try:
            self.output += os.read(self.master, 65536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
        return True

    def reap(self):
        if self.status is None:
            pid, status = os.waitpid(self.child, os.WNOHANG)
            if pid == self.child:
                self.status = status
        return self.status is not None

    def until(self, is_so):
        while not is_so():
            self.pump(0.01)

    def send(self, data):
        """Sends input, and reads output meanwhile, so that neither queue stays full."""
        os.set_blocking(self.master, False)
        try:
            while data:
                if time.monotonic() > self.deadline:
                    raise Late()
                try:
                    data = data[os.write(self.master, data):]
                except BlockingIOError:
                    pass
                while self.pump(0.001 if data else 0):
                    pass
        finally:
            os.set_blocking(self.master, True)

    def found(self, pattern):
        match = re.compile(pattern).search(self.output, self.seen)
        if match:
            self.seen = match.end()
        return bool(match)

    def play(self, step):
        kind = step["do"]
        if kind == "wait":
            text = step["text"].encode()
            self.until(lambda: self.found(text if step.get("regex") else re.escape(text)))
        elif kind == "send":
            self.send(step["text"].encode() if "text" in step else base64.b64decode(step["base64"]))
        elif kind == "flags":
            self.reports.append(self.flags())
        elif kind == "until-flags":
            wanted = step["flags"]
            self.until(lambda: all(self.flags()[name] == value for name, value in wanted.items()))
        elif kind == "resize":
            self.resize(step["columns"], step["rows"])
        elif kind == "kill":
            os.kill(self.child, getattr(signal, step["signal"]))
        elif kind == "kill-foreground":
            os.killpg(os.tcgetpgrp(self.master), getattr(signal, step["signal"]))
        elif kind == "exit":
            self.until(self.reap)
        else:
            raise ValueError("no step is called %s" % kind)

    def drain(self):
        """Reads everything written so far, up to a mark that is written last."""
        mark = secrets.token_hex(16).encode()
        termios.tcflow(self.slave, termios.TCOON)
        os.write(self.slave, mark)
        self.until(lambda: mark in self.output)
        self.output = self.output.replace(mark, b"")

    def leftover(self):
        """Returns unread input, which would end up in the shell."""
        raw = termios.tcgetattr(self.slave)
        raw[IFLAG] &= ~termios.ICRNL
        raw[LFLAG] &= ~(termios.ICANON | termios.ECHO)
        raw[6][termios.VMIN], raw[6][termios.VTIME] = 0, 0
        termios.tcsetattr(self.slave, termios.TCSANOW, raw)
        left = b""
        while True:
            data = os.read(self.slave, 4096)
            if not data:
                return left
            left += data

    def end(self):
        """Kills whatever is left of the session that we started."""
        groups = {self.child}
        try:
            groups.add(os.tcgetpgrp(self.master))
        except OSError:
            pass
        for group in groups:
            if group > 1:
                try:
                    if os.getsid(group) == self.child:
                        os.killpg(group, signal.SIGKILL)
                except (ProcessLookupError, PermissionError):
                    pass
        if self.status is None:
            os.kill(self.child, signal.SIGKILL)
            _, self.status = os.waitpid(self.child, 0)

    def exit(self):
        if os.WIFSIGNALED(self.status):
            return {"signal": signal.Signals(os.WTERMSIG(self.status)).name}
        return {"code": os.WEXITSTATUS(self.status)}


def main():
    spec = json.load(sys.stdin)
    session = Session(spec)
    late = None
    for index, step in enumerate(spec["steps"]):
        try:
            session.play(step)
        except Late:
            late = {"step": index, "what": step}
            break
    if late is None and not session.reap():
        try:
            session.until(session.reap)
        except Late:
            late = {"step": len(spec["steps"]), "what": "the end of the command"}
    final, restored = session.flags(), session.attributes() == session.initial
    ended = session.reap()
    session.deadline = time.monotonic() + 2
    try:
        session.drain()
    except Late:
        pass
    session.end()
    left = session.leftover()
    json.dump(
        {
            "output": session.output.decode("utf-8", "replace"),
            "exit": session.exit() if ended else None,
            "late": late,
            "flags": session.reports,
            "finalFlags": final,
            "restored": restored,
            "leftover": left.decode("utf-8", "replace"),
        },
        sys.stdout,
    )


main()
