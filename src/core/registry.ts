/** What does a registry of the multiplexer come to: models with their serves, GPUs, and the rules of swapping? */
import type { ServeSpec } from '#core/serve-spec';
import type { SwapGpu, SwapModel, SwapPolicy, SwapTimes } from '#core/swap';

export interface RegistryModel {
  readonly swap: SwapModel;
  readonly serve: ServeSpec;
  /** What loading takes of the host's memory, in GiB; absent: not guarded. */
  readonly weightGb?: number;
  /** Times as declared, or assumed until the first are measured. */
  readonly times: SwapTimes;
  /** Loaded at start where there is room. */
  readonly preload: boolean;
  /** Priority of its requests; 0 is normal. */
  readonly priority: number;
  /** How deep it sleeps instead of being stopped: 1 keeps weights in host memory, 2 drops them. Absent: it does not. */
  readonly sleepLevel?: 1 | 2;
}

export interface RegistrySettings extends SwapPolicy {
  /** Requests waiting, over all models. */
  readonly queueMax: number;
  /** First rest of a model that failed to load or crashed; doubles up to the maximum. Milliseconds. */
  readonly retryMs: number;
  readonly retryMsMax: number;
  /** Host memory that models may take at most, in GiB; absent: what is free. */
  readonly ramCapGb?: number;
}

export interface Registry {
  /** Absolute path of the file. */
  readonly path: string;
  /** SHA-256 hex (first 16) of the file's bytes. */
  readonly digest: string;
  readonly models: readonly RegistryModel[];
  readonly gpus: readonly SwapGpu[];
  readonly settings: RegistrySettings;
}
