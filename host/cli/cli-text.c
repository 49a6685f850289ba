/* SPDX-License-Identifier: MIT */
/* cli-text.c - what the command line says: its help and its complaints. */
#include <stdarg.h>

#include "cli-private.h"
#include "host-error.h"

const char cli_text_main[] =
    "usage: ferrule run [OPTIONS] SCRIPT|FOLDER|FILE.ferrule [ARGS...]\n"
    "       ferrule SCRIPT [ARGS...]\n"
    "       ferrule -c CODE | -m MODULE | - [ARGS...]\n"
    "       ferrule check FILE [--json] [--dump]\n"
    "       ferrule run [OPTIONS] --workers N SCRIPT|FOLDER [ARGS...]\n"
    "       ferrule run [OPTIONS] AGENTS.toml\n"
    "       ferrule status [--json] | top\n"
    "       ferrule pack FOLDER -o OUT.{ferrule,run,deb}\n"
    "       ferrule verify FILE\n"
    "       ferrule self rollback | uninstall\n"
    "       ferrule profile [--json] [--html OUT] SCRIPT [ARGS...]\n"
    "       ferrule info [--json]\n"
    "\n"
    "Runs Python agents. The tool cache and the schema guard are built in.\n"
    "\n"
    "commands:\n"
    "  run      run a script, or the agent.py of a folder (run --help: limits)\n"
    "  pack     make an agent's folder a package for people who have no Python\n"
    "  verify   check the signature of a package\n"
    "  self     return to the version installed before, or remove ferrule\n"
    "  check    look over a manifest, a configuration or a JSON Schema\n"
    "  status   what the agents of running launchers do; top redraws it\n"
    "  profile  where an agent's time goes, and what is worth a change\n"
    "  info     versions, built-in modules, sizes, kernel features\n"
    "\n"
    "options:\n"
    "  -h, --help   this text\n"
    "  --version    versions of Ferrule and of its CPython\n"
    "  -c, -m, -, -I -S -E -s -B -u -O -X -W -V   as python takes them\n"
    "\n"
    "Packages in a folder `vendor` beside the script are found without installing.\n"
    "\n"
    "exit codes: 0 done, 1 uncaught exception, 2 usage, 3 configuration or missing\n"
    "packages, 4 refused by policy, 70 internal error; SystemExit keeps its own;\n"
    "130 interrupted, 143 terminated, 141 nobody reads stdout\n";

const char cli_text_run[] =
    "usage: ferrule run [OPTIONS] SCRIPT|FOLDER|FILE.ferrule [ARGS...]\n"
    "       ferrule run [OPTIONS] --workers N SCRIPT|FOLDER|FILE.ferrule [ARGS...]\n"
    "       ferrule run [OPTIONS] AGENTS.toml\n"
    "\n"
    "Runs a script, the agent of a folder (the entry of its ferrule.json, else "
    "agent.py)\n"
    "or a package made by `ferrule pack`. What follows goes to the agent.\n"
    "\n"
    "agents in parallel: processes forked from a warm one, which looks after them and\n"
    "marks each line they print with their name; they share the named stores\n"
    "  --workers N       1 to 1024 of the same; FERRULE_WORKER tells each its number\n"
    "  --isolation interpreter   light ones: threads of one process, each with an\n"
    "                    interpreter lock of its own; no wheels that refuse that, and\n"
    "                    a crash ends them all (default: process)\n"
    "  AGENTS.toml       several, with restarts and limits of their own:\n"
    "      preload = [\"asyncio\", \"json\"]   # loaded once for all; has a default\n"
    "      preload_timeout = 30            # seconds\n"
    "      [stores.tools]                  # ToolCache.open(\"tools\") in any agent\n"
    "      max_entries = 100_000\n"
    "      [[agent]]\n"
    "      name = \"desk\"                   # FERRULE_AGENT\n"
    "      script = \"desk.py\"              # relative to the file\n"
    "      args = [\"--verbose\"]\n"
    "      workers = 2\n"
    "      env = { MODE = \"live\" }\n"
    "      restart = \"on-failure\"          # \"never\", \"always\"\n"
    "      priority = \"normal\"             # \"batch\"\n"
    "      limits = { memory = \"512M\", cpu = 60, wall = 300, files = 256 }\n"
    "  SIGTERM and SIGINT are passed on, and waited for; a second one kills.\n"
    "  Exit code: 0 when all ended well, else that of the first that failed.\n"
    "\n"
    "limits and permissions, kept by the kernel, for children too:\n"
    "  --memory SIZE     private memory: bytes, or with K, M, G (FERRULE_MEMORY)\n"
    "  --cpu SECONDS     processor time (FERRULE_CPU)\n"
    "  --files COUNT     open descriptors (FERRULE_FILES)\n"
    "  --priority batch  give way to other processes (FERRULE_PRIORITY)\n"
    "  --write FOLDERS   change files only below these; ';' between (FERRULE_WRITE)\n"
    "  --no-network      no new internet sockets (FERRULE_NETWORK=no)\n"
    "\n"
    "Their defaults are read from ~/.config/ferrule/ferrule.conf, or the file that\n"
    "FERRULE_CONFIG names; the environment goes before the file, a flag before both.\n";

const char cli_text_info[] =
    "usage: ferrule info [--json]\n"
    "\n"
    "Versions, built-in modules, modules of the standard library, sizes in bytes and\n"
    "what this kernel offers.\n";

const char cli_text_status[] =
    "usage: ferrule status [--json]\n"
    "\n"
    "What the agents of this user's running launchers do: state, restarts, memory,\n"
    "processor time, last exit code.\n";

const char cli_text_top[] = "usage: ferrule top\n"
                            "\n"
                            "The status, redrawn every second until q or ^C. One frame "
                            "when stdout is not\n"
                            "a terminal.\n";

bool
cli_text_refuse(GError **error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *reason = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(error, HOST_ERROR, HOST_ERROR_USAGE, "%s", reason);
    return false;
}

bool
cli_text_set(Cli *cli, const char *text)
{
    cli->command = CLI_TEXT;
    cli->text = g_strdup(text);
    return true;
}
