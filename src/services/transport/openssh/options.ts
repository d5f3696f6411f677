/**
 * Of the user's configuration everything holds that says how to get there; what would ask, share, fork, run or show
 * something does not. A unix socket of ours leads to the one there: `ssh -W` takes no path (of OpenSSH 9.2 it says nothing,
 * and forwards nothing).
 */
export const optionsFor = (here: string, there: string): ReadonlyArray<string> => [
  "-N",
  "-T",
  ...[
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "NoHostAuthenticationForLocalhost=no",
    "VerifyHostKeyDNS=no",
    "ConnectTimeout=10",
    "ConnectionAttempts=1",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=3",
    "ControlMaster=no",
    "ControlPath=none",
    "ForwardAgent=no",
    "ForwardX11=no",
    "PermitLocalCommand=no",
    "RemoteCommand=none",
    "ExitOnForwardFailure=no",
    "StreamLocalBindMask=0177",
    // It tells when it is logged in.
    "LogLevel=VERBOSE"
  ].flatMap((option) => ["-o", option]),
  "-L",
  `${escaped(here)}:${escaped(there)}`
]

/** In a forwarding a colon parts the two sides. */
const escaped = (path: string): string => path.replace(/[\\:]/g, "\\$&")
