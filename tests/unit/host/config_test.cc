/* SPDX-License-Identifier: MIT */
#include <gtest/gtest.h>

#include "host-config.h"
#include "host-error.h"
#include "temp-folder.h"

/* Loads one configuration file and keeps what came of it. */
class Config : public ::testing::Test {
  protected:
    ~Config() override
    {
        host_config_clear(&config);
        g_clear_error(&error);
        g_unsetenv("FERRULE_CONFIG");
        g_unsetenv("FERRULE_MEMORY");
    }

    bool
    load(const char *text)
    {
        path = folder.write("ferrule.conf", text);
        g_setenv("FERRULE_CONFIG", path.c_str(), TRUE);
        return host_config_load(&config, &error);
    }

    void
    expectRefusal(const char *text, const std::string &where, const char *what)
    {
        ASSERT_FALSE(load(text));
        ASSERT_TRUE(g_error_matches(error, HOST_ERROR, HOST_ERROR_CONFIG));
        std::string message = error->message;
        EXPECT_EQ(message.rfind(path + where, 0), 0u) << message;
        EXPECT_NE(message.find(what), std::string::npos) << message;
    }

    TempFolder folder;
    std::string path;
    HostConfig config = HOST_CONFIG_INIT;
    GError *error = nullptr;
};

TEST_F(Config, ReadsEveryKey)
{
    ASSERT_TRUE(load("[limits]\nmemory = 512M\ncpu=60\nfiles = 256\n"
                     "[permissions]\nnetwork = no\nwrite = /tmp;out\n"))
        << error->message;
    EXPECT_EQ(config.memory, 512u << 20);
    EXPECT_EQ(config.cpu, 60u);
    EXPECT_EQ(config.files, 256u);
    EXPECT_TRUE(config.no_network);
    ASSERT_EQ(g_strv_length(config.write), 2u);
    EXPECT_STREQ(config.write[1], "out");
}

TEST_F(Config, EnvironmentGoesBeforeFileAndFlagBeforeBoth)
{
    g_setenv("FERRULE_MEMORY", "2K", TRUE);
    ASSERT_TRUE(load("[limits]\nmemory = 1K\n"));
    EXPECT_EQ(config.memory, 2048u);
    ASSERT_TRUE(host_config_set_flag(&config, "memory", "3K", &error));
    EXPECT_EQ(config.memory, 3072u);
}

TEST_F(Config, UnknownKeyIsNamedWithPlaceAndNearest)
{
    expectRefusal("# limits\n[limits]\n\n  memry = 1K\n", ":4:3: ", "\"memory\"");
}

TEST_F(Config, UnknownGroupIsNamedWithNearest)
{
    expectRefusal("[limit]\ncpu = 1\n", ":1:1: ", "[limits]");
}

TEST_F(Config, KeyOfOneGroupInAnotherIsUnknown)
{
    expectRefusal("[limits]\ncpu = 1\n[permissions]\ncpu = 1\n", ":4:1: ", "\"cpu\"");
}

TEST_F(Config, WrongValuesSayWhatWasExpected)
{
    expectRefusal("[limits]\nmemory = much\n", ":2:1: ", "a size such as 512M");
    g_clear_error(&error);
    expectRefusal("[limits]\ncpu = -1\n", ":2:1: ", "a positive number");
    g_clear_error(&error);
    expectRefusal("[limits]\nfiles = 0\n", ":2:1: ", "a positive number");
    g_clear_error(&error);
    expectRefusal("[permissions]\nnetwork = off\n", ":2:1: ", "yes or no");
    g_clear_error(&error);
    expectRefusal("[limits]\nmemory = 99999999999G\n", ":2:1: ", "a size");
}

TEST_F(Config, LineThatIsNoPairIsNamed)
{
    expectRefusal("[limits]\ncpu = 1\nnonsense\n", ":3:1: ", "nonsense");
}

TEST_F(Config, NamedFileThatIsMissingIsAnError)
{
    g_setenv("FERRULE_CONFIG", folder.path("none").c_str(), TRUE);
    EXPECT_FALSE(host_config_load(&config, &error));
    EXPECT_TRUE(g_error_matches(error, HOST_ERROR, HOST_ERROR_CONFIG));
}

TEST_F(Config, FileOverTheLimitIsRefused)
{
    std::string text = "[limits]\ncpu = 1\n" + std::string(HOST_CONFIG_BYTES_MAX, '#');
    EXPECT_FALSE(load(text.c_str()));
    EXPECT_NE(std::string(error->message).find("at most"), std::string::npos);
}

TEST_F(Config, WrongFlagIsAUsageError)
{
    EXPECT_FALSE(host_config_set_flag(&config, "cpu", "soon", &error));
    EXPECT_TRUE(g_error_matches(error, HOST_ERROR, HOST_ERROR_USAGE));
}
