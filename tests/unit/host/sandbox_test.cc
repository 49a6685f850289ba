/* SPDX-License-Identifier: MIT */
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "host-error.h"
#include "sandbox.h"
#include "temp-folder.h"

/* Applies the plan in a child, since it cannot be taken back; the child's answer is its
 * exit code. */
static int
inSandbox(const HostConfig &config, const std::function<int()> &body)
{
    pid_t child = fork();
    if (child == 0) {
        g_autoptr(SandboxPlan) plan = sandbox_plan_new(&config);
        g_autoptr(GError) error = nullptr;
        _exit(sandbox_plan_apply(plan, &error) ? body() : error->code);
    }
    int status;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST(Sandbox, PlanSaysWhatItWillDo)
{
    HostConfig config = HOST_CONFIG_INIT;
    const char *folders[] = {"/tmp", "out", nullptr};
    config.memory = 4096;
    config.no_network = true;
    config.write = const_cast<GStrv>(folders);
    g_autoptr(SandboxPlan) plan = sandbox_plan_new(&config);
    g_autofree char *text = sandbox_plan_describe(plan);
    EXPECT_STREQ(text, "memory, bytes: 4096\nno new privileges\n"
                       "write only below /tmp out\nno network\n");
}

TEST(Sandbox, NothingAskedIsNothingDone)
{
    HostConfig config = HOST_CONFIG_INIT;
    g_autoptr(SandboxPlan) plan = sandbox_plan_new(&config);
    g_autofree char *text = sandbox_plan_describe(plan);
    EXPECT_STREQ(text, "");
}

TEST(Sandbox, LimitsAreSoftAndHard)
{
    HostConfig config = HOST_CONFIG_INIT;
    config.files = 64;
    EXPECT_EQ(inSandbox(config,
                        [] {
                            struct rlimit limit;
                            getrlimit(RLIMIT_NOFILE, &limit);
                            return limit.rlim_cur == 64 && limit.rlim_max == 64 ? 0 : 1;
                        }),
              0);
}

TEST(Sandbox, NoNetworkRefusesInternetSocketsOnly)
{
    HostConfig config = HOST_CONFIG_INIT;
    config.no_network = true;
    EXPECT_EQ(inSandbox(config,
                        [] {
                            if (socket(AF_INET, SOCK_STREAM, 0) >= 0 || errno != EACCES)
                                return 1;
                            if (socket(AF_INET6, SOCK_DGRAM, 0) >= 0)
                                return 2;
                            return socket(AF_UNIX, SOCK_STREAM, 0) >= 0 ? 0 : 3;
                        }),
              0);
}

TEST(Sandbox, WritesOnlyBelowTheFolders)
{
    if (sandbox_landlock_abi() == 0)
        GTEST_SKIP() << "this kernel has no Landlock";
    TempFolder allowed, other;
    HostConfig config = HOST_CONFIG_INIT;
    std::string inside = allowed.path("file"), outside = other.path("file");
    std::string folder = allowed.path();
    char *folders[] = {folder.data(), nullptr};
    config.write = folders;
    EXPECT_EQ(inSandbox(config,
                        [&] {
                            if (open(inside.c_str(), O_CREAT | O_WRONLY, 0600) < 0)
                                return 1;
                            if (open(outside.c_str(), O_CREAT | O_WRONLY, 0600) >= 0)
                                return 2;
                            if (symlink("/etc", other.path("link").c_str()) == 0)
                                return 3;
                            return open("/dev/null", O_WRONLY) >= 0 ? 0 : 4;
                        }),
              0);
}

TEST(Sandbox, FolderThatIsMissingIsAPolicyError)
{
    HostConfig config = HOST_CONFIG_INIT;
    char missing[] = "/nowhere/at/all";
    char *folders[] = {missing, nullptr};
    config.write = folders;
    EXPECT_EQ(inSandbox(config, [] { return 0; }), HOST_ERROR_POLICY);
}
