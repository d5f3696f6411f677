import { assert, describe, it } from "@effect/vitest"
import { HostKeyRefused, LoginRefused } from "../../../src/domain/errors/ssh.ts"

const identity = { name: "[10.0.0.1]:2222", files: ["/home/me/.ssh/known_hosts"], hashed: false }
const destination = { host: "shop", user: "deploy", port: 2200 }

describe("what is to be typed after a refused host key", () => {
  const told = (reason: "unknown" | "changed", files: ReadonlyArray<string>) =>
    new HostKeyRefused({ server: "la", destination, reason, identity: { ...identity, files } }).message

  it("goes the way that the server's entry goes, which may be an alias, or lead over other hosts", () => {
    assert.include(told("unknown", identity.files), "accept it once: ssh -p 2200 deploy@shop")
    assert.include(
      told("changed", identity.files),
      "ssh-keygen -R '[10.0.0.1]:2222', then accept its new key: ssh -p 2200 deploy@shop"
    )
  })

  it("names the file, where it is not the usual one or keeps nothing", () => {
    assert.include(told("changed", ["/home/me/hosts"]), "ssh-keygen -f /home/me/hosts -R '[10.0.0.1]:2222'")
    assert.include(told("unknown", ["/dev/null"]), "UserKnownHostsFile ~/.ssh/known_hosts")
  })
})

describe("what is to be typed after a refused login", () => {
  const told = (more: Partial<LoginRefused>) =>
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
    assert.include(told({}), "it accepted none of 9 keys.\nPut your public key there (ssh-copy-id)")
    assert.include(told({}), "ssh -v -p 2200 deploy@shop")
  })

  it("names the right key, where the host hung up after several", () => {
    assert.include(told({ hungUp: true }), "IdentityFile PATH, and IdentitiesOnly yes")
    assert.include(told({ hungUp: true, offered: 1 }), "it accepted none of 1 key.")
  })

  it("makes the public part of an encrypted key that does not tell it", () => {
    const message = told({ reason: "no-keys", passedOver: { path: "/k", why: "nameless" } })
    assert.include(message, "ssh-keygen -y -f /k > /k.pub")
  })
})
