/** Every Tag in memory: nothing is read, written, started or asked, and no key costs a third of a second. */
export { layerMemory as cipher } from "../../services/cipher/layer-memory.ts"
export { ClipboardContents, layerMemory as clipboard } from "../../services/clipboard/layer-memory.ts"
export { layerMemory as history } from "../../services/history/layer-memory.ts"
export { layerMemory as keyCache } from "../../services/key-cache/layer-memory.ts"
export { layerMemory as keyDerivation } from "../../services/key-derivation/layer-memory.ts"
export { layerMemory as keyPins } from "../../services/key-pins/layer-memory.ts"
/** Over the others in memory it is in memory itself: its variables come from the current ConfigProvider. */
export { layer as keySource } from "../../services/key-source/layer.ts"
export { layerMemory as passphraseWords } from "../../services/passphrase-words/layer-memory.ts"
export {
  layerMemory as processSpawner,
  StartedProcesses
} from "../../services/process-spawner/layer-memory.ts"
export { layerMemory as project } from "../../services/project/layer-memory.ts"
export {
  layerMemory as secretsFile,
  layerMemoryOf as secretsFileOf
} from "../../services/secrets-file/layer-memory.ts"
export { layerMemory as signals, SignalsControl } from "../../services/signals/layer-memory.ts"
export { layerMemory as stdio, StdioTranscript } from "../../services/stdio/layer-memory.ts"
export { layerMemory as terminal, TerminalTranscript } from "../../services/terminal/layer-memory.ts"
