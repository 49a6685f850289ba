# SPDX-License-Identifier: MIT
"""The agent whose footprint is measured: what agents import, then one line."""

import argparse  # noqa: F401
import asyncio  # noqa: F401
import concurrent.futures  # noqa: F401
import dataclasses  # noqa: F401
import hashlib  # noqa: F401
import http.client  # noqa: F401
import json
import logging  # noqa: F401
import pathlib  # noqa: F401
import re  # noqa: F401
import sqlite3  # noqa: F401
import ssl
import subprocess  # noqa: F401
import sys
import typing  # noqa: F401
import urllib.request  # noqa: F401

context = ssl.create_default_context()
print(json.dumps({"ready": context.check_hostname}), flush=True)
if "--wait" in sys.argv:
    sys.stdin.read()
