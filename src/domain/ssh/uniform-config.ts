/**
 * Whether configurations (ssh_config(5)) say the same about every host, and if so, whether they set the name to connect to.
 * Undefined when they do not, and in doubt: one keyword that is not listed here, one pattern or one token is enough.
 */
export const uniformConfig = (
  texts: ReadonlyArray<string>
): { readonly setsHostname: boolean } | undefined => {
  let setsHostname = false
  for (const line of texts.flatMap((text) => text.split("\n")).map((line) => line.trim())) {
    if (line === "" || line.startsWith("#")) continue
    const [, keyword = "", value = ""] = /^(\w+)(?:\s*=\s*|\s+)(.*)$/.exec(line) ?? []
    const word = keyword.toLowerCase()
    if (word === "host" ? value !== "*" : !hostIndependent.has(word)) return undefined
    if (value.includes("%") && !unexpanded.has(word)) return undefined
    setsHostname ||= word === "hostname"
  }
  return { setsHostname }
}

const hostIndependent: ReadonlySet<string> = new Set(
  `include user port hostname addressfamily identityfile identitiesonly identityagent addkeystoagent userknownhostsfile
  globalknownhostsfile hashknownhosts stricthostkeychecking checkhostip updatehostkeys verifyhostkeydns visualhostkey
  connecttimeout connectionattempts serveraliveinterval serveralivecountmax tcpkeepalive compression loglevel
  sendenv setenv forwardagent forwardx11 forwardx11trusted controlmaster controlpath controlpersist batchmode
  preferredauthentications passwordauthentication kbdinteractiveauthentication pubkeyauthentication
  gssapiauthentication gssapidelegatecredentials hostkeyalgorithms kexalgorithms ciphers macs
  pubkeyacceptedalgorithms casignaturealgorithms rekeylimit ipqos requesttty`.split(/\s+/)
)

/** `ssh -G` does not expand the tokens in these, or tako does not use them. */
const unexpanded: ReadonlySet<string> = new Set(["identityfile", "controlpath"])
