// SPDX-License-Identifier: MIT
// The same agent for node and deno.
import "node:assert";
import "node:child_process";
import "node:crypto";
import "node:events";
import "node:fs";
import "node:http";
import "node:https";
import "node:path";
import process from "node:process";
import "node:stream";
import tls from "node:tls";
import "node:url";
import "node:util";

const context = tls.createSecureContext();
console.log(JSON.stringify({ ready: context !== undefined }));
if (process.argv.includes("--wait")) process.stdin.resume();
