# SPDX-License-Identifier: MIT
"""Channels: bytes from one agent of a run to another, and what a killed one leaves."""

import unittest

from agents import AgentsCase
from host import run


class Channels(AgentsCase):
    def agents(self, toml_keys="", flags=(), **scripts):
        """The lines of all agents, sorted; each is one worker but for `toml_keys`."""
        toml = "".join(f'[[agent]]\nname = "{name}"\nscript = "{name}.py"\n{toml_keys}\n'
                       for name in scripts)
        files = {f"{name}.py": text for name, text in scripts.items()}
        done = self.run_agents(files, toml, *flags)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return sorted(done.stdout.splitlines())

    def test_work_and_results_pass_between_agents(self):
        give = """
            from ferrule import Channel
            work, results = Channel.open("work"), Channel.open("results")
            for n in range(1000):
                work.put(b"%d" % n)
                if n % 100 == 99:  # neither is ever full
                    assert sum(int(results.get(60)) for _ in range(100)) > 0
            for _ in range(3):
                work.put(b"end")
            print("done")
            """
        take = """
            from ferrule import Channel
            work, results = Channel.open("work"), Channel.open("results")
            while (task := work.get(60)) != b"end":
                results.put(b"%d" % (int(task) ** 2))
            """
        lines = self.agents(give=give, a=take, b=take, c=take)
        self.assertEqual(lines, ["give | done"])

    def test_large_ones_are_seen_in_place(self):
        give = """
            import os
            from ferrule import Channel
            channel = Channel.open("large")
            for size in (0, 1, 32 << 10, (32 << 10) + 1, 5_000_000):
                channel.put(bytearray(os.urandom(1) * size))
            """
        take = """
            from ferrule import Channel
            for size in (0, 1, 32 << 10, (32 << 10) + 1, 5_000_000):
                view = Channel.open("large").get_view(60)
                assert view.readonly and view.nbytes == size, (view, size)
                assert size == 0 or view[0] == view[-1]
            import mmap
            assert type(view.obj) is mmap.mmap
            print("seen")
            """
        self.assertEqual(self.agents(give=give, take=take), ["take | seen"])

    def test_limits_do_not_shut_it(self):
        flags = ("--no-network", "--memory", "200M")
        script = "from ferrule import Channel; Channel.open('x').put(b'1' * 100_000)"
        other = "from ferrule import Channel; print(len(Channel.open('x').get(60)))"
        self.assertEqual(self.agents(flags=flags, a=script, b=other), ["b | 100000"])

    def test_what_was_put_outlives_its_sender_and_a_killed_receiver(self):
        send = """
            import os, signal
            from ferrule import Channel
            for n in range(100):
                Channel.open("x").put(b"%d" % n)
            os.kill(os.getpid(), signal.SIGKILL)
            """
        receive = """
            import os, signal
            from ferrule import Channel
            channel = Channel.open("x")
            while (got := int(channel.get(60))) < 99:
                print(got)
                if got % 10 == 9:
                    os.kill(os.getpid(), signal.SIGKILL)
            print(got)
            """
        toml = ('[[agent]]\nname = "s"\nscript = "s.py"\n[[agent]]\nname = "r"\n'
                'script = "r.py"\nrestart = "on-failure"\nworkers = 3')
        scripts = {"s.py": send, "r.py": receive}
        process = self.start_agents(scripts, toml, stdout=-1, text=True)
        # The two others wait for more, until they are told to end.
        numbers = [int(process.stdout.readline().partition(" | ")[2]) for _ in range(100)]
        self.assertEqual(sorted(numbers), list(range(100)))

    def test_a_full_one_and_an_empty_one_make_wait_but_not_for_ever(self):
        script = """
            from ferrule import Channel
            channel, put = Channel.open("x"), 0
            try:
                channel.get(timeout=0.05)
            except TimeoutError as error:
                print(error)
            try:
                while True:
                    channel.put(b"x" * 1000, timeout=0)
                    put += 1
            except TimeoutError as error:
                print(error)
            assert 50 < put < 5000, put
            for _ in range(put):
                assert channel.get(0) == b"x" * 1000
            """
        self.assertEqual(self.agents(a=script), [
            "a | the channel 'x' is empty", "a | the channel 'x' is full"])

    def test_wrong_names_and_too_many(self):
        script = """
            from ferrule import Channel
            for name in ("", "x" * 129, "a\\0b", 7):
                try:
                    Channel.open(name)
                except (ValueError, TypeError) as error:
                    print(f"{type(error).__name__}: {error}")
            try:
                for n in range(65):
                    Channel.open(f"channel {n}")
            except OSError as error:
                print(error)
            assert Channel.open("channel 3") is Channel.open("channel 3")
            """
        rule = "a | ValueError: a channel's name has 1 to 128 bytes, none of them 0"
        self.assertEqual(self.agents(a=script), sorted([
            rule, rule, rule, "a | TypeError: name must be str, not int",
            "a | no channel 'channel 64': this run has 64 channels"]))

    def test_nonsense_at_the_desk_does_no_harm(self):
        script = """
            import os, socket
            from ferrule import Channel, channel
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            fd = theirs.fileno()
            channel._desk.send(b"no descriptor")
            socket.send_fds(channel._desk, [b"x" * 1000], [fd, fd, fd])
            assert b"1 to 128 bytes" in ours.recv(256)
            socket.send_fds(channel._desk, [b"gone"], [os.open("/dev/null", os.O_RDWR)])
            socket.send_fds(channel._desk, [b"many"], [fd] * 50)
            Channel.open("x").put(b"well")
            print(Channel.open("x").get(60).decode())
            """
        self.assertEqual(self.agents(a=script), ["a | well"])

    def test_without_a_launcher_threads_and_forks_share_it(self):
        script = """
            import os, threading
            from ferrule import Channel
            channel = Channel.open("x")
            other = threading.Thread(target=channel.put, args=(b"thread",))
            other.start()
            print(channel.get(60).decode())
            other.join()
            if os.fork() == 0:
                Channel.open("x").put(b"f" * 100_000)
                os._exit(0)
            print(len(channel.get(60)))
            """
        self.expect(run(self.write("a.py", script)), out="thread\n100000\n", err="")

    def test_light_agents_are_told_that_they_have_none(self):
        done = self.run_workers(1, "from ferrule import Channel; Channel.open('x')",
                                flags=["--isolation", "interpreter"])
        self.assertEqual(done.returncode, 1)
        self.assertIn("run the agents with --isolation process", done.stderr)


if __name__ == "__main__":
    unittest.main()
