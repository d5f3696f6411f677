import { assert, describe, it } from "vitest"
import { uniformConfig } from "../../../src/domain/ssh/uniform-config.ts"

describe("an ssh configuration is uniform", () => {
  it.each([
    [""],
    ["# Host la\n\n  #Match all\n"],
    ["Include /etc/ssh/ssh_config.d/*.conf\nHost *\n    SendEnv LANG LC_*\n    HashKnownHosts yes\n"],
    ["host=*\nUSER deploy\r\nIdentityFile ~/.ssh/%h_%r\nPort = 2222\n"]
  ])("when nothing in it distinguishes hosts: %j", (text) => {
    assert.deepStrictEqual(uniformConfig([text]), { setsHostname: false })
  })

  it("and may set the name to connect to", () => {
    assert.deepStrictEqual(uniformConfig(["Port 1", "HostName 127.0.0.1"]), { setsHostname: true })
  })

  it.each([
    ["Host la\nUser x\n"],
    ["Host * !la\n"],
    ['Host "*"\n'],
    ["Match all\n"],
    ["match host=la\n"],
    ["HostName %h.example\n"],
    ["UserKnownHostsFile ~/.ssh/%h\n"],
    ["ProxyJump bastion\n"],
    ["ProxyCommand nc %h %p\n"],
    ["HostKeyAlias x\n"],
    ["CanonicalizeHostname yes\n"],
    ["Localcommand echo %h\n"],
    ["NotYetKnown 1\n"],
    ['"Host" la\n'],
    ["Host\n"],
    ["Port 1\nnonsense"]
  ])("unless something might distinguish them: %j", (text) => {
    assert.isUndefined(uniformConfig(["User x\n", text]))
  })
})
