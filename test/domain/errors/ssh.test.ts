import { assert, describe, it } from "@effect/vitest"
import { HostKeyRefused, LoginRefused } from "../../../src/domain/errors/ssh.ts"

const identity = { name: "[10.0.0.1]:2222", files: ["/home/me/.ssh/known_hosts"], hashed: false }
const destination = { host: "shop", user: "deploy", port: 2200 }

describe("the advice after a refused host key", () => {
  const messageOf = (reason: "unknown" | "changed", files: ReadonlyArray<string>) =>
    new HostKeyRefused({ server: "la", destination, reason, identity: { ...identity, files } }).message

  it("connects as the server's entry does, which may be an alias or lead through jump hosts", () => {
    assert.include(messageOf("unknown", identity.files), "accept it once: ssh -p 2200 deploy@shop")
    assert.include(
      messageOf("changed", identity.files),
      "ssh-keygen -R '[10.0.0.1]:2222', then accept its new key: ssh -p 2200 deploy@shop"
    )
  })

  it("names the file if it is not the usual one, or if no keys are kept", () => {
    assert.include(
      messageOf("changed", ["/home/me/hosts"]),
      "ssh-keygen -f /home/me/hosts -R '[10.0.0.1]:2222'"
    )
    assert.include(messageOf("unknown", ["/dev/null"]), "UserKnownHostsFile ~/.ssh/known_hosts")
  })
})

describe("the advice after a refused login", () => {
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

  it("runs ssh with the name under which it finds the same keys", () => {
    assert.include(messageOf({}), "it accepted none of your 9 keys.\nPut your public key there (ssh-copy-id)")
    assert.include(messageOf({}), "ssh -v -p 2200 deploy@shop")
  })

  it("is to name the right key if the host closed the connection after several", () => {
    assert.include(messageOf({ hungUp: true }), "IdentityFile PATH, and IdentitiesOnly yes")
    assert.include(messageOf({ hungUp: true, offered: 1 }), "it did not accept your key.")
  })

  it("is to create the public key of an encrypted key that hides it", () => {
    const message = messageOf({ reason: "no-keys", passedOver: { path: "/k", why: "nameless" } })
    assert.include(message, "ssh-keygen -y -f /k > /k.pub")
  })
})
