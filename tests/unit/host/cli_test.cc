/* SPDX-License-Identifier: MIT */
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "cli.h"
#include "host-error.h"
#include "temp-folder.h"

/* Parses one command line in a folder with a script and an agent. */
class CommandLine : public ::testing::Test {
  protected:
    CommandLine()
    {
        script = folder.write("a.py", "pass");
        folder.write("agent/agent.py", "pass");
        folder.write("agent/vendor/x.py", "pass");
        folder.write("empty/readme", "");
    }

    ~CommandLine() override
    {
        cli_clear(&cli);
        g_clear_error(&error);
    }

    bool
    parse(std::vector<std::string> words)
    {
        cli_clear(&cli);
        words.insert(words.begin(), "ferrule");
        std::vector<char *> argv;
        for (std::string &word : words)
            argv.push_back(word.data());
        argv.push_back(nullptr);
        return cli_parse(&cli, static_cast<int>(words.size()), argv.data(), &error);
    }

    std::vector<std::string>
    pythonArgv() const
    {
        std::vector<std::string> words;
        for (guint i = 0; i + 1 < cli.python_argv->len; i++)
            words.push_back(static_cast<char *>(cli.python_argv->pdata[i]));
        return words;
    }

    void
    expectUsageError(const std::vector<std::string> &words, const char *what)
    {
        EXPECT_FALSE(parse(words));
        ASSERT_TRUE(g_error_matches(error, HOST_ERROR, HOST_ERROR_USAGE));
        EXPECT_NE(std::string(error->message).find(what), std::string::npos)
            << error->message;
    }

    TempFolder folder;
    std::string script;
    Cli cli = CLI_INIT;
    GError *error = nullptr;
};

using Words = std::vector<std::string>;

TEST_F(CommandLine, RunHandsTheRestToTheScript)
{
    ASSERT_TRUE(parse({"run", "--cpu", "5", script, "--cpu", "-c"})) << error->message;
    EXPECT_EQ(pythonArgv(), (Words{"ferrule", script, "--cpu", "-c"}));
    EXPECT_EQ(cli.script, script);
    EXPECT_EQ(cli.flags->len, 2u);
}

TEST_F(CommandLine, FolderMeansItsAgentAndVendor)
{
    ASSERT_TRUE(parse({"run", folder.path("agent")}));
    EXPECT_EQ(cli.script, folder.path("agent/agent.py"));
    EXPECT_EQ(cli.vendor, folder.path("agent/vendor"));
}

TEST_F(CommandLine, ScriptAloneIsARun)
{
    ASSERT_TRUE(parse({"-X", "dev", "-W", "error", script, "x"}));
    EXPECT_EQ(cli.command, CLI_RUN);
    EXPECT_EQ(cli.script, script);
    EXPECT_EQ(pythonArgv(),
              (Words{"ferrule", "-X", "dev", "-W", "error", script, "x"}));
}

TEST_F(CommandLine, CommandAndModuleHaveNoScript)
{
    for (const Words &words :
         {Words{"-c", "pass", "a.py"}, Words{"-IS", "-c", "pass"}, Words{"-m", "json"},
          Words{"-Xdev", "-mjson"}, Words{"-"}}) {
        ASSERT_TRUE(parse(words)) << error->message;
        EXPECT_EQ(cli.script, nullptr);
        cli_clear(&cli);
    }
}

TEST_F(CommandLine, WithoutSiteIsPlain)
{
    ASSERT_TRUE(parse({"-IS", "-c", "pass"}));
    EXPECT_TRUE(cli.plain);
    cli_clear(&cli);
    ASSERT_TRUE(parse({"-I", "-c", "pass"}));
    EXPECT_FALSE(cli.plain);
}

TEST_F(CommandLine, MistakesSayWhatToWrite)
{
    expectUsageError({}, "ferrule run");
    g_clear_error(&error);
    expectUsageError({"run"}, "which script");
    g_clear_error(&error);
    expectUsageError({"run", "--memry", "1", script}, "--memry");
    g_clear_error(&error);
    expectUsageError({"run", "--memory"}, "needs a value");
    g_clear_error(&error);
    expectUsageError({"run", folder.path("none.py")}, "none.py");
    g_clear_error(&error);
    expectUsageError({"run", folder.path("empty")}, "agent.py");
    g_clear_error(&error);
    expectUsageError({"--frobnicate"}, "--frobnicate");
    g_clear_error(&error);
    expectUsageError({"info", "--all"}, "--json");
}

TEST_F(CommandLine, HelpIsText)
{
    for (const Words &words : {Words{"--help"}, Words{"-h"}, Words{"run", "--help"},
                               Words{"info", "-h"}, Words{"--version"}}) {
        ASSERT_TRUE(parse(words));
        EXPECT_EQ(cli.command, CLI_TEXT);
        EXPECT_GT(strlen(cli.text), 10u);
        cli_clear(&cli);
    }
}
