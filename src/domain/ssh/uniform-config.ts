/**
 * Whether configurations (ssh_config(5)) say the same of every host, and if so, whether they set the name to connect to.
 * Only what is known to depend on nothing counts: one other keyword, one pattern, one token, and every host is to be asked
 * for by itself. Undefined when they do not.
 */
export const uniformConfig = (
  texts: ReadonlyArray<string>
): { readonly setsHostname: boolean } | undefined => {
  let setsHostname = false
  for (const line of texts.flatMap((text) => text.split("\n")).map((line) => line.trim())) {
    if (line === "" || line.startsWith("#")) continue
    const [, keyword = "", value = ""] = /^(\w+)(?:\s*=\s*|\s+)(.*)$/.exec(line) ?? []
    const word = keyword.toLowerCase()
    if (word === "host" ? value !== "*" : !independent.has(word)) return undefined
    if (value.includes("%") && !tokensStay.has(word)) return undefined
    setsHostname ||= word === "hostname"
  }
  return { setsHostname }
}

const independent: ReadonlySet<string> = new Set(
  `include user port hostname addressfamily identityfile identitiesonly identityagent addkeystoagent userknownhostsfile
  globalknownhostsfile hashknownhosts stricthostkeychecking checkhostip updatehostkeys verifyhostkeydns visualhostkey
  connecttimeout connectionattempts serveraliveinterval serveralivecountmax tcpkeepalive compression loglevel
  sendenv setenv forwardagent forwardx11 forwardx11trusted controlmaster controlpath controlpersist batchmode
  preferredauthentications passwordauthentication kbdinteractiveauthentication pubkeyauthentication
  gssapiauthentication gssapidelegatecredentials hostkeyalgorithms kexalgorithms ciphers macs
  pubkeyacceptedalgorithms casignaturealgorithms rekeylimit ipqos requesttty`.split(/\s+/)
)

/** `ssh -G` prints their tokens as they stand, for us to put in; or nobody here needs them. */
const tokensStay: ReadonlySet<string> = new Set(["identityfile", "controlpath"])
