/** Which GPUs does this machine have, and which of them does a serve mean by what its registry entry says? */
import { inOneLine } from '#core/plain-words';
import { CommandMissing, type CommandResult, type Commands } from '#platform/commands';

export interface GpuFacts {
  /** In PCI bus order, as nvidia-smi counts. */
  readonly index: number;
  /** `GPU-…` */
  readonly uuid: string;
  readonly name: string;
  /** Undefined where the card does not say. */
  readonly totalMib: number | undefined;
  readonly usedMib: number | undefined;
}

export interface GpuListing {
  readonly gpus: readonly GpuFacts[];
  /** Why the list is empty; undefined when it is not. */
  readonly reason?: string;
}

export interface ResolvedGpus {
  /** Of all declared ones; undefined when one of them could not be found out. */
  readonly uuids: readonly string[] | undefined;
  /** UUIDs where known, else as declared: what goes to `CUDA_VISIBLE_DEVICES`, a container's devices, or a digest. */
  readonly ids: readonly string[];
  /** For the operator, once each. */
  readonly warnings: readonly string[];
}

const QUERY = [
  'nvidia-smi',
  '--query-gpu=index,uuid,name,memory.total,memory.used',
  '--format=csv,noheader,nounits',
] as const;
/** The first call after a boot without persistence mode wakes the driver, which takes seconds. */
const QUERY_MS = 20_000;

/** `[N/A]` and the like are no number. */
const mibOf = (cell: string | undefined): number | undefined =>
  cell !== undefined && /^[0-9]+$/.test(cell) ? Number(cell) : undefined;

/** `GPU-…`, or `MIG-…` and its like with two hyphens or more. */
const looksLikeUuid = (declared: string): boolean => /^GPU-/i.test(declared) || declared.split('-').length > 2;

/** The rows of nvidia-smi; what is no row, such as a warning, is passed over. */
export const parseGpus = (csv: string): readonly GpuFacts[] =>
  csv.split('\n').flatMap((line) => {
    const [index = '', uuid = '', ...rest] = line.split(',').map((cell) => cell.trim());
    // A card that has fallen off its bus is listed as "[Unknown Error]".
    if (!/^[0-9]+$/.test(index) || !looksLikeUuid(uuid)) return [];
    const [used, total, ...name] = rest.reverse();
    // A name could hold a comma; the two numbers behind it cannot.
    return [
      { index: Number(index), uuid, name: name.reverse().join(', '), totalMib: mibOf(total), usedMib: mibOf(used) },
    ];
  });

const reasonOf = ({ code, endedBy, timedOut, out, err }: CommandResult): string => {
  if (timedOut) return `nvidia-smi did not answer within ${QUERY_MS / 1_000} s`;
  const said = inOneLine(err.trim() || out.trim(), 200);
  return code === 0
    ? 'nvidia-smi lists no GPU'
    : `nvidia-smi failed (${endedBy ?? code})${said === '' ? '' : `: ${said}`}`;
};

/** Asks nvidia-smi. Never throws: a machine without it has no GPUs that could be named. */
export const listGpus = async (commands: Commands, signal?: AbortSignal): Promise<GpuListing> => {
  try {
    const result = await commands.run(QUERY, { timeoutMs: QUERY_MS, ...(signal === undefined ? {} : { signal }) });
    const gpus = result.code === 0 ? parseGpus(result.out) : [];
    return gpus.length > 0 ? { gpus } : { gpus, reason: reasonOf(result) };
  } catch (error) {
    const reason = error instanceof CommandMissing ? 'nvidia-smi is not on PATH' : inOneLine(String(error));
    return { gpus: [], reason };
  }
};

interface ResolvedGpu {
  readonly uuid?: string;
  readonly warning?: string;
}

const resolveUuid = (declared: string, { gpus, reason }: GpuListing): ResolvedGpu => {
  const found = gpus.find(({ uuid }) => uuid.toLowerCase() === declared.toLowerCase());
  if (found !== undefined) return { uuid: found.uuid };
  if (gpus.length === 0) {
    return { warning: `GPU ${declared} cannot be verified (${reason}); it is passed on as it stands` };
  }
  // Parts of a card (MIG) have UUIDs that this list does not show.
  return { uuid: declared, warning: `GPU ${declared} is not among those that nvidia-smi lists; it is used unverified` };
};

const resolveGpu = (declared: string, listing: GpuListing): ResolvedGpu => {
  if (looksLikeUuid(declared)) return resolveUuid(declared, listing);
  if (!/^[0-9]+$/.test(declared)) {
    return { warning: `GPU "${declared}" is neither an index nor a UUID; it is passed on as it stands` };
  }
  const found = listing.gpus.find(({ index }) => index === Number(declared));
  if (found !== undefined) return { uuid: found.uuid };
  const why =
    listing.gpus.length === 0
      ? (listing.reason ?? '')
      : `nvidia-smi lists ${listing.gpus.map(({ index }) => index).join(', ')}`;
  return {
    warning: `GPU ${declared} cannot be resolved to a UUID (${why}); that the serve keeps to it is not certain`,
  };
};

/**
 * UUIDs for GPUs as declared. An index means nothing stable: CUDA counts the fastest card first unless told otherwise,
 * and Docker Desktop ignores device requests altogether. UUIDs and indices must not be mixed in one list, so either all
 * are resolved or the list stays as declared.
 */
export const resolveGpus = (declared: readonly string[], listing: GpuListing): ResolvedGpus => {
  const resolved = declared.map((each) => resolveGpu(each, listing));
  const uuids = resolved.flatMap(({ uuid }) => (uuid === undefined ? [] : [uuid]));
  const warnings = [...new Set(resolved.flatMap(({ warning }) => (warning === undefined ? [] : [warning])))];
  const complete = uuids.length === declared.length;
  return { uuids: complete ? uuids : undefined, ids: complete ? uuids : declared, warnings };
};

/** The two variables that confine a CUDA program, always together; none for a serve that names no GPU. */
export const cudaEnvironment = (ids: readonly string[]): Readonly<Record<string, string>> =>
  ids.length === 0 ? {} : { CUDA_DEVICE_ORDER: 'PCI_BUS_ID', CUDA_VISIBLE_DEVICES: ids.join(',') };
