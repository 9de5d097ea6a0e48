/** What is asked of an engine's launch, and what comes back? Types only: the builders are in src/engines. */
import type { EngineName } from '#core/serve-spec';

/**
 * How weights come from the disk: `mapped` into memory page by page, which is fastest where the file system is local, or
 * `read` whole, which is far faster where it is not (folders shared with a virtual machine, network disks).
 */
export type WeightsReading = 'mapped' | 'read';

/** What the engine understands of a model's own way of thinking and calling tools. */
export interface ModelParsers {
  readonly reasoning?: string;
  readonly tools?: string;
  /** Word of its chat template that switches thinking; absent: `enable_thinking`. */
  readonly thinkingKey?: string;
}

/** One model server as it is wanted. What is absent is left to the engine. */
export interface EngineWish {
  /** A path as the engine sees it, or the id of a repository. */
  readonly model: string;
  /** Id in its list of models and in requests. */
  readonly servedName: string;
  /** That it listens on. */
  readonly port: number;
  /** `container`: in the engine's image, listening everywhere; `machine`: a process here, listening on loopback. */
  readonly place: 'container' | 'machine';
  readonly contextTokens?: number;
  /** Part of a GPU's memory that it may fill, above 0 up to 1. */
  readonly gpuMemoryShare?: number;
  /** Requests that it works on at once. */
  readonly requestsMax?: number;
  /** GPUs over which it is spread. */
  readonly gpuCount: number;
  readonly weights: WeightsReading;
  /** It will be told to sleep instead of being stopped. */
  readonly sleeps: boolean;
  /** Whether the model thinks where a request does not say; absent: as its template has it. */
  readonly thinking?: boolean;
  readonly parsers: ModelParsers;
  /** Arguments of the operator. They win over those that the builder chooses, not over name, address and port. */
  readonly args: readonly string[];
}

export interface EngineCommand {
  /** Absent: the image's own entrypoint. */
  readonly program?: string;
  readonly args: readonly string[];
  /** Variables that the engine needs. The operator's win. */
  readonly env: Readonly<Record<string, string>>;
}

/** What one engine is like, whichever model it serves. */
export interface Engine {
  /** The official image for NVIDIA GPUs; absent where there is none. */
  readonly image?: string;
  /** Shared memory that its container needs, in Docker's spelling; absent: Docker's own. */
  readonly shmSize?: string;
  /** Its worker processes share memory with the host's. */
  readonly ipcHost: boolean;
  /** Path that answers 2xx once the model is loaded. */
  readonly health: string;
  /** Levels of sleep that it can be told to. */
  readonly sleepLevels: readonly (1 | 2)[];
  /** What of a wish it has no word for; those keys would be without effect. */
  readonly ignores: readonly (
    | 'gpuMemoryShare'
    | 'parsers'
    | 'thinking'
    | 'weights'
    | 'contextTokens'
    | 'requestsMax'
  )[];
  /** Folder in its image for downloads and compiled kernels, lost with every container unless it is a volume; absent: none. */
  readonly cachePath?: string;
  /** What it has to be told about a model, by the model's name and else by `model_type` of its config.json. */
  parsersFor(name: string, modelType?: string): ModelParsers;
  command(wish: EngineWish): EngineCommand;
}

/** Every engine by name, handed over by those who may know the builders. */
export type Engines = Readonly<Record<EngineName, Engine>>;
