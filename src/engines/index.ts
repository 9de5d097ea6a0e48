/** Which engines can be launched? The one table; a new engine is a file and a line here. */
import type { Engines } from '#core/engine';
import { custom } from '#engines/custom';
import { llamaCpp } from '#engines/llama-cpp';
import { sglang } from '#engines/sglang';
import { vllm } from '#engines/vllm';

export const ENGINES = { vllm, sglang, 'llama.cpp': llamaCpp, custom } as const satisfies Engines;
