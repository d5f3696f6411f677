export {
  layerOwnUsers as appHomeOwnUsers,
  layerShared as appHomeShared
} from "../../services/app-home/layer.ts"
export { layer as balancer } from "../../services/balancer/layer.ts"
export { layer as cipher } from "../../services/cipher/layer.ts"
export { layer as clipboard } from "../../services/clipboard/layer.ts"
export { layer as health } from "../../services/health/layer.ts"
export { layer as history } from "../../services/history/layer.ts"
export { layer as home } from "../../services/home/layer.ts"
export { layer as instanceLog } from "../../services/instance-log/layer.ts"
export { layer as keyCache } from "../../services/key-cache/layer.ts"
export { layer as keyDerivation } from "../../services/key-derivation/layer.ts"
export { layer as keyPins } from "../../services/key-pins/layer.ts"
export { layer as keySource } from "../../services/key-source/layer.ts"
export { layer as knownHosts } from "../../services/known-hosts/layer.ts"
export { layer as management } from "../../services/management/layer.ts"
export { layer as passphraseWords } from "../../services/passphrase-words/layer.ts"
export { layer as processSpawner } from "../../services/process-spawner/layer.ts"
export { layer as project } from "../../services/project/layer.ts"
export { layer as secretsFile } from "../../services/secrets-file/layer.ts"
export { layer as serverKey } from "../../services/server-key/layer.ts"
export { layer as serverRegistry } from "../../services/server-registry/layer.ts"
export {
  layer as serverState,
  layerMemoryOnly as serverStateMemoryOnly
} from "../../services/server-state/layer.ts"
export { layer as signals } from "../../services/signals/layer.ts"
export { layer as sourceTree } from "../../services/source-tree/layer.ts"
export { layer as sshConfig } from "../../services/ssh-config/layer.ts"
export { layer as stdio } from "../../services/stdio/layer.ts"
export { layer as terminal } from "../../services/terminal/layer.ts"
export { layer as terminalModes } from "../../services/terminal-modes/layer.ts"
export {
  layer as transport,
  layerBy as transportBy,
  layerWith as transportWith
} from "../../services/transport/layer.ts"
export { layerLocal as transportLocal } from "../../services/transport/layer-local.ts"
export { layerOpenSsh as transportOpenSsh } from "../../services/transport/layer-openssh.ts"
export { layerSsh2 as transportSsh2 } from "../../services/transport/layer-ssh2.ts"
export { layer as watch } from "../../services/watch/layer.ts"
export { development, newProject, processes, secrets, servers, types } from "../layers.ts"
export { layer as sdkSources } from "../sdk/layer.ts"
