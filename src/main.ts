#!/usr/bin/env bun
/** The program: hands its command line to the CLI. */
import { main } from '#cli/main';
import { processTerminal } from '#platform/terminal';

const terminal = processTerminal();
await terminal.leave(await main(terminal));
