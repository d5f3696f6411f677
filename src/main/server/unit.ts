import { defaultSocket } from "../../domain/server-registry/registered-server.ts"
import { credentialName } from "../../services/server-key/layer.ts"
import { defaultData } from "./options.ts"

/** Prints a systemd unit that runs this program (systemd.exec(5)). */
export const unit = (command: ReadonlyArray<string>): string => `# /etc/systemd/system/tako-server.service
# Secrets are sealed under a key that only this machine can decrypt. Create it once, as root:
#   install -d -m 0700 /etc/credstore.encrypted
#   head -c 32 /dev/urandom | base64 | systemd-creds encrypt --name=${credentialName} - /etc/credstore.encrypted/${credentialName}
# Then: systemctl daemon-reload && systemctl enable --now tako-server

[Unit]
Description=tako-server: runs apps and hands secrets to them
After=network-online.target
Wants=network-online.target

[Service]
Type=exec
ExecStart=${command.map(quoted).join(" ")} --data-dir ${defaultData} --socket ${defaultSocket}
# The unit counts as started once the socket exists, or after 10 seconds. If you change --socket, change it here as well.
# Not Type=notify, which would let an app notify systemd in the server's place.
ExecStartPost=-/bin/sh -c 'until test -S ${defaultSocket} || ! kill -0 $$MAINPID 2>/dev/null || test $$((n+=1)) -gt 100; do sleep 0.1; done'
LoadCredentialEncrypted=${credentialName}:/etc/credstore.encrypted/${credentialName}
StateDirectory=tako
StateDirectoryMode=0711
RuntimeDirectory=tako
RuntimeDirectoryMode=0755
SyslogIdentifier=tako-server
Restart=on-failure
RestartSec=1
# A restart does not fix wrong options or a wrong key, and would hide the reason from systemctl status.
RestartPreventExitStatus=2 3
# The server stops its apps itself. Whatever remains is killed.
KillMode=mixed
TimeoutStopSec=90
# The server makes a cgroup for each instance below the unit's, which rules ProtectControlGroups out. Only root can write there.
Delegate=yes
LimitCORE=0
LimitNOFILE=65536
# The server runs as root to give each app a user of its own, with only the capabilities that takes.
CapabilityBoundingSet=CAP_SETUID CAP_SETGID CAP_CHOWN CAP_KILL CAP_SYS_PTRACE CAP_DAC_READ_SEARCH CAP_NET_BIND_SERVICE
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
# AF_NETLINK: os.networkInterfaces() of Node and net.Interfaces() of Go need it to list addresses.
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
UMask=0077

[Install]
WantedBy=multi-user.target
`

/** Quotes a word for systemd.syntax(7), so that nothing in it is expanded. */
const quoted = (word: string): string => {
  const escaped = word.replaceAll("%", "%%").replaceAll("$", "$$$$")
  return /^[A-Za-z0-9_./@%$:+-]+$/.test(escaped)
    ? escaped
    : `"${escaped.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`
}
