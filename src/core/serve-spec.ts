/** What is a serve: one model server as declared, with everything that is needed to launch and to recognise it? */

export type DriverName = 'docker' | 'compose' | 'process';

export type EngineName = 'vllm' | 'sglang' | 'llama.cpp' | 'custom';

/** A folder or volume that the server reads weights from. */
export interface Mount {
  /** A named volume, or an absolute path on the host. */
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
}

/** A container of our own making. */
export interface DockerLaunch {
  readonly driver: 'docker';
  readonly image: string;
  /** Overrides that of the image: some images have changed theirs between versions. */
  readonly entrypoint?: readonly string[];
  readonly args: readonly string[];
  /** Port inside the container. It is published on loopback only. */
  readonly containerPort: number;
  readonly mounts: readonly Mount[];
  /** Docker's spelling, `16g`. */
  readonly shmSize?: string;
  readonly ipcHost: boolean;
  /** Whether the container runtime passes the GPUs in; `none` for servers on the CPU. */
  readonly gpuAccess: 'nvidia' | 'none';
}

/** A service of a compose file, which says everything about the container. */
export interface ComposeLaunch {
  readonly driver: 'compose';
  /** Absolute path. */
  readonly file: string;
  readonly service: string;
  readonly project?: string;
}

/** A program on this machine, in a process group of its own. */
export interface ProcessLaunch {
  readonly driver: 'process';
  readonly argv: readonly [string, ...string[]];
  /** Absolute path. */
  readonly cwd?: string;
}

export interface ServeSpec {
  readonly name: string;
  readonly engine: EngineName;
  readonly launch: DockerLaunch | ComposeLaunch | ProcessLaunch;
  /** Name of the container, for the two drivers that have one. */
  readonly container: string;
  /** Id that its model list has to name; absent: not checked. */
  readonly servedModel?: string;
  /** On 127.0.0.1. */
  readonly port: number;
  /** Path that answers 2xx when it is well. */
  readonly health: string;
  /** Indices or UUIDs as declared; the driver passes UUIDs where it can find them out. Empty: none is set. */
  readonly gpus: readonly string[];
  /** Values written in the registry. Never secrets. */
  readonly env: Readonly<Record<string, string>>;
  /** NAMES of variables handed on from our own environment: where secrets belong. */
  readonly envFrom: readonly string[];
  /** Until it must be ready. */
  readonly loadTimeoutMs: number;
  /** Between asking it to stop and killing it. */
  readonly stopMs: number;
}

/**
 * What makes two serves the same: anything else may change without a restart. Order of keys is fixed, so that its digest
 * is stable.
 * @param gpus UUIDs or indices as resolved
 * @param secrets digest of each `envFrom` value by name; a changed secret is a changed serve
 */
export const identityOf = (
  { launch, port, env, envFrom }: ServeSpec,
  gpus: readonly string[],
  secrets: Readonly<Record<string, string>>,
): string =>
  JSON.stringify([
    launch,
    port,
    Object.entries(env).sort(([left], [right]) => (left < right ? -1 : 1)),
    [...envFrom].sort().map((name) => [name, secrets[name] ?? null]),
    gpus,
  ]);
