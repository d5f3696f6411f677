import { assert, describe, it } from "@effect/vitest"
import { HostKeyRefused, LoginRefused } from "../../../src/domain/errors/ssh.ts"

const identity = { name: "[10.0.0.1]:2222", files: ["/home/me/.ssh/known_hosts"], hashed: false }
const destination = { host: "shop", user: "deploy", port: 2200 }

describe("what is to be typed after a refused host key", () => {
  const messageOf = (reason: "unknown" | "changed", files: ReadonlyArray<string>) =>
    new HostKeyRefused({ server: "la", destination, reason, identity: { ...identity, files } }).message

  it("goes the way that the server's entry goes, which may be an alias, or lead over other hosts", () => {
    assert.include(messageOf("unknown", identity.files), "accept it once: ssh -p 2200 deploy@shop")
    assert.include(
      messageOf("changed", identity.files),
      "ssh-keygen -R '[10.0.0.1]:2222', then accept its new key: ssh -p 2200 deploy@shop"
    )
  })

  it("names the file, where it is not the usual one or keeps nothing", () => {
    assert.include(
      messageOf("changed", ["/home/me/hosts"]),
      "ssh-keygen -f /home/me/hosts -R '[10.0.0.1]:2222'"
    )
    assert.include(messageOf("unknown", ["/dev/null"]), "UserKnownHostsFile ~/.ssh/known_hosts")
  })
})

describe("what is to be typed after a refused login", () => {
  const messageOf = (more: Partial<LoginRefused>) =>
    new LoginRefused({
      server: "la",
      destination,
      host: "10.0.0.1",
      user: "deploy",
      reason: "refused",
      offered: 9,
      ...more
    }).message

  it("asks ssh by the name under which it finds the same keys", () => {
    assert.include(messageOf({}), "it accepted none of your 9 keys.\nPut your public key there (ssh-copy-id)")
    assert.include(messageOf({}), "ssh -v -p 2200 deploy@shop")
  })

  it("names the right key, where the host hung up after several", () => {
    assert.include(messageOf({ hungUp: true }), "IdentityFile PATH, and IdentitiesOnly yes")
    assert.include(messageOf({ hungUp: true, offered: 1 }), "it did not accept your key.")
  })

  it("makes the public part of an encrypted key that does not tell it", () => {
    const message = messageOf({ reason: "no-keys", passedOver: { path: "/k", why: "nameless" } })
    assert.include(message, "ssh-keygen -y -f /k > /k.pub")
  })
})
