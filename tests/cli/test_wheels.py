# SPDX-License-Identifier: MIT
"""Real wheels from the Python index, vendored by the very command that Ferrule prints.

The packages are fetched once into the build cache; without network and cache the tests
are skipped with the reason.
"""

import unittest

from host import HostCase, run
from wheels import BLOCK, FOLDER, fetch

SERVER = '''
import http.server, json, threading

class Completion(http.server.BaseHTTPRequestHandler):
    """Answers as an OpenAI-compatible server does."""

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        said = asked["messages"][-1]["content"].upper()
        body = json.dumps({
            "id": "1", "object": "chat.completion", "created": 1,
            "model": asked["model"], "choices": [{"index": 0, "finish_reason": "stop",
            "message": {"role": "assistant", "content": said}}]}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Completion)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}/v1"
'''


class Wheels(HostCase):
    @classmethod
    def setUpClass(cls):
        reason = fetch()
        if reason:
            raise unittest.SkipTest(reason)

    def agent(self, code):
        """Run `code` with the block before it, from a folder with that vendor."""
        (self.folder / "vendor").symlink_to(FOLDER / "vendor")
        done = run(self.write("agent.py", BLOCK + code))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.split()

    def test_openai_sdk_makes_a_call(self):
        self.assertEqual(self.agent(SERVER + (
            "import openai\n"
            "client = openai.OpenAI(base_url=url, api_key='none')\n"
            "answer = client.chat.completions.create(model='m', messages=["
            "{'role': 'user', 'content': 'ping'}])\n"
            "print(answer.choices[0].message.content)\n")), ["PING"])

    def test_httpx_posts_sync_and_async(self):
        self.assertEqual(self.agent(SERVER + (
            "import asyncio, httpx\n"
            "ask = {'model': 'm', 'messages': [{'content': 'hi'}]}\n"
            "print(httpx.post(url, json=ask).json()['choices'][0]['message']['content'])\n"
            "async def main():\n"
            "    async with httpx.AsyncClient() as client:\n"
            "        print((await client.post(url, json=ask)).status_code)\n"
            "asyncio.run(main())\n")), ["HI", "200"])

    def test_pydantic_validates(self):
        self.assertEqual(self.agent(
            "import pydantic\n"
            "class M(pydantic.BaseModel):\n    a: int\n"
            "print(M.model_validate_json('{\"a\": 3}').a)\n"
            "try: M.model_validate_json('{\"a\": \"x\"}')\n"
            "except pydantic.ValidationError as e: print(e.error_count())\n"), ["3", "1"])

    def test_numpy_computes(self):
        self.assertEqual(self.agent(
            "import numpy\nprint(int(numpy.arange(10).sum()), "
            "round(float(numpy.linalg.det(numpy.eye(3) * 2))))\n"), ["45", "8"])

    def test_abi3_wheel_loads(self):
        self.assertEqual(self.agent(
            "from cryptography.fernet import Fernet\n"
            "f = Fernet(Fernet.generate_key())\n"
            "print(f.decrypt(f.encrypt(b'secret')).decode())\n"), ["secret"])

    def test_wheels_that_refuse_an_interpreter_of_their_own_are_named(self):
        said = self.agent(
            "from ferrule import InterpreterPoolExecutor\n"
            "def take(name):\n    __import__(name)\n"
            "with InterpreterPoolExecutor(1) as pool:\n"
            "    for name in 'numpy', 'pydantic', 'openai', 'httpx':\n"
            "        try: print(pool.submit(take, name).result())\n"
            "        except ImportError as e:\n"
            "            print(e.name, '--isolation process' in str(e))\n")
        self.assertEqual(said, [
            "numpy._core._multiarray_umath", "True", "pydantic_core._pydantic_core",
            "True", "pydantic_core._pydantic_core", "True", "None"])

    def test_a_light_agent_is_told_what_refuses(self):
        (self.folder / "vendor").symlink_to(FOLDER / "vendor")
        script = self.write("agent.py", "import numpy\n")
        done = run("run", "--isolation", "interpreter", "--workers", "2", script)
        self.expect(done, code=1, err="agent[1] | ImportError: numpy does not load in an")
        self.assertIn("`--isolation process`", done.stderr)


if __name__ == "__main__":
    unittest.main()
