# SPDX-License-Identifier: MIT
"""serve - the model's server: a process of its own that ends with whoever started it.

    PYTHONPATH=PACKAGES python3 serve.py MODEL THREADS

The key that requests must carry is the first line of stdin. When the model is loaded,
the port is a line of stdout; when stdin ends, so does the server.
"""

import os
import sys

import template
import xllamacpp

CONTEXT = 8192  # tokens
ALIAS = "qwen2.5-coder-1.5b"


def main():
    model, threads = sys.argv[1], int(sys.argv[2])
    parameters = xllamacpp.CommonParams()
    parameters.model.path = model
    parameters.model_alias = {ALIAS}
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.n_ctx = CONTEXT
    parameters.n_parallel = 1
    parameters.cpuparams.n_threads = threads
    parameters.sampling.temp = 0.0  # unless asked for: chance costs it a fifth of its calls
    parameters.use_jinja = True
    parameters.ui = False
    parameters.offline = True
    parameters.api_keys = [sys.stdin.readline().strip()]
    parameters.chat_template = template.of(model)
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)
    sys.stdin.read()
    os._exit(0)  # its threads have nothing to save


if __name__ == "__main__":
    main()
