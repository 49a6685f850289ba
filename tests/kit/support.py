# SPDX-License-Identifier: MIT
"""support - test cases with a scripted server."""

import unittest
from unittest import mock

import scripted
from ferrule import Agent, Chat, ModelError, ToolCache

KEY = "sk-very-secret-0123456789"
QUICK = {"retries": 2, "timeout": 5, "connect_timeout": 2}


class ChatCase(unittest.TestCase):
    def serve(self, *replies, **options):
        server = scripted.Server(*replies, **options)
        self.addCleanup(server.close)
        self.server = server
        return server

    def chat(self, *replies, **options):
        self.serve(*replies)
        with mock.patch("ferrule.kit.failures.WAIT_FIRST", 0.01):
            made = Chat(self.server.url, "m", **{"key": "", **QUICK, **options})
        patched = mock.patch("ferrule.kit.failures.WAIT_FIRST", 0.01)
        patched.start()
        self.addCleanup(patched.stop)
        self.addCleanup(made.close)
        return made

    def failure(self, *replies, **options):
        with self.assertRaises(ModelError) as caught:
            self.chat(*replies, **options).ask("hi")
        return caught.exception


class AgentCase(unittest.TestCase):
    def agent(self, *replies, tools=(), last=None, **options):
        self.server = scripted.Server(*replies, last=last)
        self.addCleanup(self.server.close)
        chat = Chat(self.server.url, "m", "", retries=0, timeout=10)
        self.addCleanup(chat.close)
        options.setdefault("cache", ToolCache())
        return Agent(chat, tools, **options)

    def outcomes(self, result):
        return [(call.name, call.outcome) for call in result.calls]

    def sent(self, request=-1):
        """{tool_call_id: content} of what the model was given back."""
        messages = self.server.requests[request]["messages"]
        return {m["tool_call_id"]: m["content"] for m in messages if m["role"] == "tool"}
