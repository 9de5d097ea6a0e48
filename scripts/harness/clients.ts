/** Which clients are driven, in the order of the matrix? */
import type { Client } from '#scripts/harness/client';
import { claudeCode, claudeCodeRouter } from '#scripts/harness/clients-anthropic';
import { codex, openclaw, opencode, pi, piMario } from '#scripts/harness/clients-open';
import { aider, cline, continueCli, qwenCode } from '#scripts/harness/clients-other';
import { sdkAnthropic, sdkOpenai, sdkVercel } from '#scripts/harness/clients-sdk';

export const CLIENTS: readonly Client[] = [
  codex,
  claudeCode,
  pi,
  piMario,
  opencode,
  openclaw,
  cline,
  continueCli,
  qwenCode,
  claudeCodeRouter,
  sdkAnthropic,
  sdkOpenai,
  sdkVercel,
  aider,
];
