/**
 * Every Tag in memory: nothing is read, written, started or prompted for, and keys are derived instantly. The contracts are
 * the requirements on a layer of your own, as data for any test runner.
 */

export { contract as appHomeContract } from "../../services/app-home/contract.ts"
export { layerMemory as appHome } from "../../services/app-home/layer-memory.ts"
export { contractOf as balancerContractOf } from "../../services/balancer/contract.ts"
export { layerMemory as balancer, OpenedFronts } from "../../services/balancer/layer-memory.ts"
export { contract as cipherContract } from "../../services/cipher/contract.ts"
export { layerMemory as cipher } from "../../services/cipher/layer-memory.ts"
export { contract as clipboardContract } from "../../services/clipboard/contract.ts"
export { ClipboardContents, layerMemory as clipboard } from "../../services/clipboard/layer-memory.ts"
export type { Contract, ContractTest } from "../../services/contract.ts"
export { contractOf as healthContractOf } from "../../services/health/contract.ts"
export { HealthControl, layerMemory as health } from "../../services/health/layer-memory.ts"
export { contractOf as historyContractOf } from "../../services/history/contract.ts"
export { layerMemory as history } from "../../services/history/layer-memory.ts"
export { layerMemory as home } from "../../services/home/layer-memory.ts"
export { contract as instanceLogContract } from "../../services/instance-log/contract.ts"
export { layerMemory as instanceLog } from "../../services/instance-log/layer-memory.ts"
export { contract as keyCacheContract } from "../../services/key-cache/contract.ts"
export { layerMemory as keyCache } from "../../services/key-cache/layer-memory.ts"
export { contract as keyDerivationContract } from "../../services/key-derivation/contract.ts"
export { layerMemory as keyDerivation } from "../../services/key-derivation/layer-memory.ts"
export { contractOf as keyPinsContractOf } from "../../services/key-pins/contract.ts"
export { layerMemory as keyPins } from "../../services/key-pins/layer-memory.ts"
export { contractOf as keySourceContractOf } from "../../services/key-source/contract.ts"
/** Over the others in memory it is in memory itself: its variables come from the current ConfigProvider. */
export { layer as keySource } from "../../services/key-source/layer.ts"
export { contractOf as knownHostsContractOf } from "../../services/known-hosts/contract.ts"
export { layerMemory as knownHosts } from "../../services/known-hosts/layer-memory.ts"
export { contractOf as managementContractOf } from "../../services/management/contract.ts"
export { layerMemory as management, ManagementClient } from "../../services/management/layer-memory.ts"
export { contract as passphraseWordsContract } from "../../services/passphrase-words/contract.ts"
export { layerMemory as passphraseWords } from "../../services/passphrase-words/layer-memory.ts"
export { contractOf as processSpawnerContractOf } from "../../services/process-spawner/contract.ts"
export {
  layerMemory as processSpawner,
  StartedProcesses
} from "../../services/process-spawner/layer-memory.ts"
export { contract as projectContract } from "../../services/project/contract.ts"
export { layerMemory as project } from "../../services/project/layer-memory.ts"
export { contract as sdkSourcesContract } from "../../services/sdk-sources/contract.ts"
export { layerMemory as sdkSources } from "../../services/sdk-sources/layer-memory.ts"
export { contract as secretsFileContract } from "../../services/secrets-file/contract.ts"
export {
  layerMemory as secretsFile,
  layerMemoryOf as secretsFileOf
} from "../../services/secrets-file/layer-memory.ts"
export { contract as serverKeyContract } from "../../services/server-key/contract.ts"
export { layerMemory as serverKey } from "../../services/server-key/layer-memory.ts"
export { contract as serverRegistryContract } from "../../services/server-registry/contract.ts"
export { layerMemory as serverRegistry } from "../../services/server-registry/layer-memory.ts"
export { contract as serverStateContract } from "../../services/server-state/contract.ts"
export { layerMemory as serverState } from "../../services/server-state/layer-memory.ts"
export { contractOf as signalsContractOf } from "../../services/signals/contract.ts"
export { layerMemory as signals, SignalsControl } from "../../services/signals/layer-memory.ts"
export {
  contract as sourceTreeContract,
  planted as sourceTreeContractFiles
} from "../../services/source-tree/contract.ts"
export { layerMemory as sourceTree } from "../../services/source-tree/layer-memory.ts"
export { contractOf as sshConfigContractOf } from "../../services/ssh-config/contract.ts"
export { layerMemory as sshConfig } from "../../services/ssh-config/layer-memory.ts"
export { contractOf as stdioContractOf } from "../../services/stdio/contract.ts"
export { layerMemory as stdio, StdioTranscript } from "../../services/stdio/layer-memory.ts"
export { contractOf as terminalContractOf } from "../../services/terminal/contract.ts"
export {
  interrupt,
  layerMemory as terminal,
  TerminalTranscript
} from "../../services/terminal/layer-memory.ts"
export { contractOf as terminalModesContractOf } from "../../services/terminal-modes/contract.ts"
export {
  layerMemory as terminalModes,
  TerminalModesControl
} from "../../services/terminal-modes/layer-memory.ts"
export {
  type ContractServer,
  contract as transportContract,
  contractHandler as transportContractHandler
} from "../../services/transport/contract.ts"
export { layerMemory as transport } from "../../services/transport/layer-memory.ts"
export { contractOf as watchContractOf } from "../../services/watch/contract.ts"
export { layerMemory as watch, WatchControl } from "../../services/watch/layer-memory.ts"
export { type Everything, everything } from "./everything.ts"
