import { defaultSocket } from "../../domain/server-registry/registered-server.ts"
import { credentialName } from "../../services/server-key/layer.ts"
import { defaultData } from "./options.ts"

/** systemd.exec(5) for this very program. */
export const unit = (command: ReadonlyArray<string>): string => `# /etc/systemd/system/tako-server.service
# The key that secrets are sealed under, which opens on this machine alone. Once, as root:
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
# It counts as started once it can be told what to do, or after 10 seconds: another --socket belongs here as well.
# Not Type=notify: with that, an app could speak to systemd in its place.
ExecStartPost=-/bin/sh -c 'until test -S ${defaultSocket} || ! kill -0 $$MAINPID 2>/dev/null || test $$((n+=1)) -gt 100; do sleep 0.1; done'
LoadCredentialEncrypted=${credentialName}:/etc/credstore.encrypted/${credentialName}
StateDirectory=tako
StateDirectoryMode=0711
RuntimeDirectory=tako
RuntimeDirectoryMode=0755
SyslogIdentifier=tako-server
Restart=on-failure
RestartSec=1
# Wrong options, or a key that is none: no better the next time, and systemctl status shows why only where no start follows.
RestartPreventExitStatus=2 3
# It tells its apps itself, and what is left after that is killed.
KillMode=mixed
TimeoutStopSec=90
LimitCORE=0
LimitNOFILE=65536
# Root, to give each app a user of its own, and no more of root than that takes.
CapabilityBoundingSet=CAP_SETUID CAP_SETGID CAP_CHOWN CAP_KILL CAP_SYS_PTRACE CAP_DAC_READ_SEARCH CAP_NET_BIND_SERVICE
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
# AF_NETLINK: what lists this machine's addresses, as Node's os.networkInterfaces() and Go's net.Interfaces().
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

/** As systemd.syntax(7) has it: in quotes where it is more than a plain word, and no specifier of its own. */
const quoted = (word: string): string => {
  const escaped = word.replaceAll("%", "%%").replaceAll("$", "$$$$")
  return /^[A-Za-z0-9_./@%$:+-]+$/.test(escaped)
    ? escaped
    : `"${escaped.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`
}
