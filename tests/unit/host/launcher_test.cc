/* SPDX-License-Identifier: MIT */
#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

#include "host-error.h"
#include "launcher.h"
#include "temp-folder.h"

/* Runs agents that are functions in C: what an agent does is in its script's name. */
static int
runAgent(const LauncherAgent *agent, unsigned worker)
{
    std::string what = agent->script;
    if (what == "say") {
        std::string line = "I am " + std::to_string(worker) + "\n";
        return write(STDOUT_FILENO, line.data(), line.size()) < 0;
    }
    if (what == "crash")
        raise(SIGKILL);
    if (what == "long") {
        std::string line(LAUNCHER_LINE_MAX + 10, 'x');
        return write(STDOUT_FILENO, line.data(), line.size()) < 0;
    }
    if (what == "descriptors") {
        int count = 0;
        for (int fd = 0; fd < 1000; fd++)
            count += lseek(fd, 0, SEEK_CUR) != -1 || errno != EBADF;
        return count;
    }
    return atoi(agent->script);
}

static pid_t
refuseToFork()
{
    errno = EAGAIN;
    return -1;
}

class LauncherRun : public ::testing::Test {
  protected:
    LauncherRun()
    {
        g_setenv("XDG_RUNTIME_DIR", folder.path().c_str(), TRUE);
        plan = launcher_plan_new();
    }

    ~LauncherRun() override
    {
        launcher_plan_free(plan);
        g_clear_error(&error);
    }

    LauncherAgent *
    add(const char *name, const char *script, unsigned workers = 1)
    {
        LauncherAgent *agent = launcher_plan_add(plan, name);
        agent->script = g_strdup(script);
        agent->workers = workers;
        return agent;
    }

    /* The exit code; what was printed is in `out` and `err`. */
    int
    launch(pid_t (*how)() = fork)
    {
        LauncherSeams seams = {how, runAgent, SIGRTMAX - 1, nullptr, 0};
        signal(SIGRTMAX - 1, SIG_IGN);
        testing::internal::CaptureStdout();
        testing::internal::CaptureStderr();
        int code = launcher_run(plan, &seams, &error);
        out = testing::internal::GetCapturedStdout();
        err = testing::internal::GetCapturedStderr();
        return code;
    }

    TempFolder folder;
    LauncherPlan *plan;
    GError *error = nullptr;
    std::string out, err;
};

TEST_F(LauncherRun, MarksLinesWithTheName)
{
    add("one", "say");
    add("two", "say", 2);
    EXPECT_EQ(launch(), 0);
    EXPECT_NE(out.find("one | I am 0\n"), std::string::npos) << out;
    EXPECT_NE(out.find("two[1] | I am 1\n"), std::string::npos) << out;
    EXPECT_EQ(err, "");
}

TEST_F(LauncherRun, GivesTheCodeOfTheFirstThatFailed)
{
    add("well", "0");
    add("ill", "7");
    EXPECT_EQ(launch(), 7);
    EXPECT_EQ(err, "ferrule: ill: ended with code 7\n");
}

TEST_F(LauncherRun, GivesTheSignalOfOneThatWasKilled)
{
    add("killed", "crash");
    EXPECT_EQ(launch(), 128 + SIGKILL);
    EXPECT_EQ(err, "ferrule: killed: ended by signal 9 (Killed)\n");
}

TEST_F(LauncherRun, CutsALineThatIsTooLong)
{
    add("a", "long");
    EXPECT_EQ(launch(), 0);
    EXPECT_EQ(out, "a | " + std::string(LAUNCHER_LINE_MAX, 'x') + "\na | xxxxxxxxxx\n");
}

TEST_F(LauncherRun, ChildrenInheritNoDescriptorOfTheLauncher)
{
    int before = 0;
    for (int fd = 0; fd < 1000; fd++)
        before += lseek(fd, 0, SEEK_CUR) != -1 || errno != EBADF;
    add("first", "0", 20);
    add("last", "descriptors");
    /* The test's own: files of the captured streams. */
    EXPECT_LE(launch(), before + 4);
}

TEST_F(LauncherRun, GivesUpWhenNoProcessIsToBeHad)
{
    add("a", "0");
    EXPECT_EQ(launch(refuseToFork), HOST_ERROR_INTERNAL);
    EXPECT_NE(err.find("cannot start a process: Resource temporarily unavailable"),
              std::string::npos)
        << err;
    EXPECT_NE(err.find("given up"), std::string::npos);
}

TEST_F(LauncherRun, LeavesNothingBehind)
{
    add("a", "0", 8);
    launch();
    struct rlimit before, after;
    getrlimit(RLIMIT_NOFILE, &before);
    int free_before = dup(0);
    close(free_before);
    EXPECT_EQ(launch(), 0);
    int free_after = dup(0);
    close(free_after);
    getrlimit(RLIMIT_NOFILE, &after);
    EXPECT_EQ(free_before, free_after);
    EXPECT_EQ(before.rlim_cur, after.rlim_cur);
    g_autoptr(GDir) left = g_dir_open(folder.path("ferrule").c_str(), 0, nullptr);
    ASSERT_NE(left, nullptr);
    EXPECT_EQ(g_dir_read_name(left), nullptr) << "a socket is left";
}

TEST(LauncherPlan, NamesAndCountsWorkers)
{
    g_autoptr(LauncherPlan) plan = launcher_plan_new();
    LauncherAgent *one = launcher_plan_add(plan, "one");
    LauncherAgent *many = launcher_plan_add(plan, "many");
    many->workers = 3;
    EXPECT_EQ(launcher_plan_workers(plan), 4u);
    g_autofree char *first = launcher_plan_label(one, 0);
    g_autofree char *second = launcher_plan_label(many, 2);
    EXPECT_STREQ(first, "one");
    EXPECT_STREQ(second, "many[2]");
}
