#!/usr/bin/env bun
/** The program: raises its limits where it will serve, then hands the command line to the CLI. */
import { raiseProcessLimits } from '#platform/reexec';
import { processTerminal } from '#platform/terminal';

const terminal = processTerminal();
// Before anything else is loaded, because what this process has loaded is lost when it replaces itself.
const serves = terminal.argv[0] === 'serve' || terminal.argv[0] === 'multiplexer';
const limits = serves ? raiseProcessLimits() : undefined;
const { main } = await import('#cli/main');
await terminal.leave(await main(terminal, limits));
